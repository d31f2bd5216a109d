import { describe, expect, it } from "vitest";
import { type DistanceMeasurement, decide, uncertainBand } from "./decision.js";

function measured(...points: [distance: number, far: number, frr: number][]): DistanceMeasurement {
  return {
    measuredOn: "a made-up set",
    genuinePairs: 1000,
    impostorPairs: 1000,
    points: points.map(([distance, falseAcceptRate, falseRejectRate]) => ({
      distance,
      falseAcceptRate,
      falseRejectRate,
    })),
  };
}

describe("uncertainBand", () => {
  const overlapping = measured([0.8, 0, 0.2], [0.95, 0.001, 0.1], [1.1, 0.02, 0.006], [1.2, 0.1, 0.005], [1.3, 0.4, 0]);

  it("reaches from where strangers begin to where the same person ends", () => {
    expect(uncertainBand([overlapping])).toEqual({ from: 0.95, to: 1.2 });
  });

  it("takes the more careful of two measurements on each side", () => {
    const other = measured([0.9, 0.0001, 0.1], [1.0, 0.01, 0.05], [1.25, 0.2, 0.004]);
    expect(uncertainBand([overlapping, other])).toEqual({ from: 0.9, to: 1.25 });
  });

  it("asks only measurements that reach the rate", () => {
    const oneRow = measured([1, 0.001, 0.022]);
    expect(uncertainBand([oneRow, overlapping])).toEqual({ from: 0.95, to: 1.2 });
  });

  it("never contradicts the match threshold", () => {
    const easy = measured([0.5, 0, 0.001], [1.2, 0, 0]);
    expect(uncertainBand([easy])).toEqual({ from: 1, to: 1 });
  });

  it("is everything where nothing good enough was measured", () => {
    expect(uncertainBand([measured([1, 0.5, 0.5])])).toEqual({ from: 0, to: 2 });
  });
});

describe("decide", () => {
  const band = { from: 0.95, to: 1.2 };
  it.each([
    [0, "match"],
    [0.9499, "match"],
    [0.95, "uncertain"],
    [1.1999, "uncertain"],
    [1.2, "no_match"],
    [2, "no_match"],
  ])("calls a distance of %d: %s", (distance, decision) => {
    expect(decide(distance, band)).toBe(decision);
  });

  it("leaves no gap where the band is empty", () => {
    expect([0.999, 1].map((distance) => decide(distance, { from: 1, to: 1 }))).toEqual(["match", "no_match"]);
  });
});
