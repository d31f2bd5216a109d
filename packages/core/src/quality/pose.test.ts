import type { Landmarks, Point, Pose } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { estimatePose } from "./pose.js";

/** The average face: x to the viewer's right, y down, z towards the viewer. */
const averageFace = {
  leftEye: [-0.465, 0, 0],
  rightEye: [0.465, 0, 0],
  nose: [0, 0.55, 0.6],
  mouthLeft: [-0.38, 1, 0],
  mouthRight: [0.38, 1, 0],
} as const;

type Place = (point: Point) => Point;

function moved({ leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks, place: Place): Landmarks {
  return {
    leftEye: place(leftEye),
    rightEye: place(rightEye),
    nose: place(nose),
    mouthLeft: place(mouthLeft),
    mouthRight: place(mouthRight),
  };
}

/** Turns a point of the average face by pitch, yaw and roll, and looks at it from far away, 80 pixels a unit. */
function seen([x, y, z]: readonly [number, number, number], { yaw, pitch, roll }: Pose): Point {
  const [p, a, r] = [pitch, yaw, roll].map((angle) => (angle * Math.PI) / 180) as [number, number, number];
  const [nodded, near] = [y * Math.cos(p) - z * Math.sin(p), y * Math.sin(p) + z * Math.cos(p)];
  const turned = x * Math.cos(a) + near * Math.sin(a);
  return {
    x: 300 + 80 * (turned * Math.cos(r) - nodded * Math.sin(r)),
    y: 200 + 80 * (turned * Math.sin(r) + nodded * Math.cos(r)),
  };
}

function landmarksAt(pose: Pose): Landmarks {
  const { leftEye, rightEye, nose, mouthLeft, mouthRight } = averageFace;
  return {
    leftEye: seen(leftEye, pose),
    rightEye: seen(rightEye, pose),
    nose: seen(nose, pose),
    mouthLeft: seen(mouthLeft, pose),
    mouthRight: seen(mouthRight, pose),
  };
}

/** A face of a person, of no average build and turned a little each way. */
const someone: Landmarks = {
  leftEye: { x: 178.9, y: 233.3 },
  rightEye: { x: 257.1, y: 238.7 },
  nose: { x: 221.4, y: 284.6 },
  mouthLeft: { x: 177.3, y: 325.4 },
  mouthRight: { x: 245.9, y: 330.2 },
};

function expectPose(actual: Pose, { yaw, pitch, roll }: Pose): void {
  expect(actual.yaw).toBeCloseTo(yaw, 6);
  expect(actual.pitch).toBeCloseTo(pitch, 6);
  expect(actual.roll).toBeCloseTo(roll, 6);
}

describe("estimatePose", () => {
  it.each([
    { yaw: 0, pitch: 0, roll: 0 },
    { yaw: 25, pitch: 0, roll: 0 },
    { yaw: 0, pitch: -20, roll: 0 },
    { yaw: 0, pitch: 0, roll: 30 },
    { yaw: -40, pitch: 15, roll: -12 },
    { yaw: 75, pitch: -30, roll: 140 },
  ])("finds back how the average face was turned: %j", (pose) => {
    expectPose(estimatePose(landmarksAt(pose)), pose);
  });

  it.each([
    ["yaw", "the nose moves to the viewer's right", { x: 4, y: 0 }],
    ["pitch", "the nose moves up", { x: 0, y: -4 }],
    ["roll", "the right eye sinks", { x: 0, y: 0 }],
  ] as const)("has a %s above 0 when %s", (angle, _what, nose) => {
    const straight = landmarksAt({ yaw: 0, pitch: 0, roll: 0 });
    const changed = {
      ...straight,
      nose: { x: straight.nose.x + nose.x, y: straight.nose.y + nose.y },
      rightEye: { x: straight.rightEye.x, y: straight.rightEye.y + (angle === "roll" ? 4 : 0) },
    };
    expect(estimatePose(changed)[angle]).toBeGreaterThan(1);
  });

  it.each([-90, -17, 33, 120])("follows a picture that is turned by %d degrees with its roll alone", (angle) => {
    const before = estimatePose(someone);
    const [sin, cos] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];
    const turned = moved(someone, ({ x, y }) => ({ x: x * cos - y * sin, y: x * sin + y * cos }));
    expectPose(estimatePose(turned), { ...before, roll: before.roll + angle });
  });

  it("negates yaw and roll in the mirror", () => {
    const { yaw, pitch, roll } = estimatePose(someone);
    const mirrored = moved(
      {
        leftEye: someone.rightEye,
        rightEye: someone.leftEye,
        nose: someone.nose,
        mouthLeft: someone.mouthRight,
        mouthRight: someone.mouthLeft,
      },
      ({ x, y }) => ({ x: 500 - x, y }),
    );
    expectPose(estimatePose(mirrored), { yaw: -yaw, pitch, roll: -roll });
  });

  it("does not depend on the face's size", () => {
    expectPose(estimatePose(moved(someone, ({ x, y }) => ({ x: 7 * x, y: 7 * y }))), estimatePose(someone));
  });

  it("gives numbers even for points that are all the same", () => {
    const point = { x: 5, y: 5 };
    expectPose(estimatePose(moved(someone, () => point)), { yaw: 0, pitch: 0, roll: 0 });
  });
});
