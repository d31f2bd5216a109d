import { uncertainBand } from "@facefleet/matching";
import { describe, expect, it } from "vitest";
import { packCatalogue } from "./pack-catalogue.js";

const measured = packCatalogue.flatMap(({ name, distances }) =>
  Object.entries(distances).flatMap(([detector, ofKinds]) =>
    Object.entries(ofKinds)
      .filter(([, measurements]) => measurements.length > 0)
      .map(([kind, measurements]) => ({ what: `${name}, ${detector}, ${kind}`, measurements })),
  ),
);

describe.each(measured)("the distances of $what", ({ measurements }) => {
  it("rise, with more false accepts and fewer false rejects", () => {
    for (const { points } of measurements) {
      for (const [i, point] of points.slice(1).entries()) {
        const before = points[i]!;
        expect(point.distance).toBeGreaterThan(before.distance);
        expect(point.falseAcceptRate).toBeGreaterThanOrEqual(before.falseAcceptRate);
        expect(point.falseRejectRate).toBeLessThanOrEqual(before.falseRejectRate);
      }
    }
  });

  it("leave a decision on both sides of the match threshold", () => {
    const { from, to } = uncertainBand(measurements);
    expect(from).toBeGreaterThan(0.5);
    expect(from).toBeLessThanOrEqual(1);
    expect(to).toBeGreaterThanOrEqual(1);
    expect(to).toBeLessThan(1.3);
  });
});
