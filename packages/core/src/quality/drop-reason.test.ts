import { dropReasons, type FaceQuality } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { dropReason, type FaceFilters } from "./drop-reason.js";

const nowhere = { x: 0, y: 0 };
const face = {
  x1: 10,
  y1: 20,
  x2: 40,
  y2: 70,
  score: 0.8,
  landmarks: { leftEye: nowhere, rightEye: nowhere, nose: nowhere, mouthLeft: nowhere, mouthRight: nowhere },
};
const quality: FaceQuality = { sharpness: 0.1, brightness: 0.5, pose: { yaw: -20, pitch: 10, roll: -5 } };
const reasonFor = (filters: Partial<FaceFilters>) => dropReason(face, () => quality, { minConfidence: 0, ...filters });

describe("dropReason", () => {
  it.each<[string, Partial<FaceFilters>, Partial<FaceFilters>]>([
    ["low_confidence", { minConfidence: 0.81 }, { minConfidence: 0.8 }],
    ["too_small", { minBoxSize: 30.1 }, { minBoxSize: 30 }],
    ["turned_away", { maxYaw: 19.9 }, { maxYaw: 20 }],
    ["turned_away", { maxPitch: 9.9 }, { maxPitch: 10 }],
    ["tilted", { maxRoll: 4.9 }, { maxRoll: 5 }],
    ["too_dark", { minBrightness: 0.51 }, { minBrightness: 0.5 }],
    ["too_bright", { maxBrightness: 0.49 }, { maxBrightness: 0.5 }],
    ["too_blurred", { minSharpness: 0.11 }, { minSharpness: 0.1 }],
  ])("is %s for %j, and nothing for %j", (reason, beyond, within) => {
    expect(reasonFor(beyond)).toBe(reason);
    expect(reasonFor(within)).toBeUndefined();
  });

  it("compares the numbers that are answered, so that each limit taken from an answer keeps its face", () => {
    const measured = { sharpness: 0.12344, brightness: 0.50004, pose: { yaw: 20.004, pitch: -10.004, roll: 5.004 } };
    const seen = { ...face, x2: 40.4994, y2: 71, score: 0.99951097 };
    const filters = { minConfidence: 0.999511, minBoxSize: 30.499, maxYaw: 20, maxPitch: 10, maxRoll: 5 };
    const more = { minBrightness: 0.5, maxBrightness: 0.5, minSharpness: 0.1234 };
    expect(dropReason(seen, () => measured, { ...filters, ...more })).toBeUndefined();
    expect(dropReason({ ...seen, score: 0.9995104 }, () => measured, filters)).toBe("low_confidence");
  });

  it("is the first that applies, in the order that the contract lists them in", () => {
    const limits: Partial<FaceFilters>[] = [
      { minConfidence: 0.9 },
      { minBoxSize: 31 },
      { maxYaw: 10 },
      { maxRoll: 1 },
      { minBrightness: 0.6 },
      { maxBrightness: 0.4 },
      { minSharpness: 1 },
    ];
    const reasons = limits.map((_, first) => reasonFor(Object.assign({}, ...limits.slice(first))));
    expect([...reasons, "over_limit"]).toEqual(dropReasons);
  });

  it("measures nothing for limits that are not set, nor once a cheaper one has decided", () => {
    const meter = () => expect.unreachable("it should not have measured");
    expect(dropReason(face, meter, { minConfidence: 0, minBoxSize: 30 })).toBeUndefined();
    expect(dropReason(face, meter, { minConfidence: 0.9, maxYaw: 1, minSharpness: 1 })).toBe("low_confidence");
  });
});
