import type { Landmarks, Point, Pose } from "@facefleet/contracts";

/**
 * The average face, in units of the distance from its eye line to its mouth line. Fitted to the landmarks of
 * the 807 faces of LFW's first fold: nose and eyes are the medians of the faces that look straight ahead; the
 * depth is what makes sin^2 + cos^2 = 1 of the two measures of yaw below, which bins up to 40 degrees agree on.
 */
const averageFace = { noseDown: 0.55, noseOut: 0.6, betweenEyes: 0.93 };

const degrees = 180 / Math.PI;

/**
 * How a head is turned, in degrees, from its five landmarks: approximate, and for a person of average build.
 *
 * The nose tip is taken to stand out of the plane of eyes and mouth, in a parallel (scaled orthographic)
 * projection, after Gee and Cipolla, "Determining the gaze of faces in images", Image and Vision Computing
 * 12(10), 1994. Turned by pitch p, then yaw y, then roll, and rolled back by the slope of its eye line, a face
 * of scale s shows, from the midpoint of its eyes:
 *
 *     mouth = s (sin y sin p, cos p)        eyes' distance = s betweenEyes cos y
 *     nose - noseDown mouth = s noseOut (sin y cos p, -sin p)
 *
 * These give p from the vertical parts and y from the horizontal ones; s cancels.
 */
export function estimatePose({ leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks): Pose {
  const eyes = midpoint(leftEye, rightEye);
  const roll = eyeSlope({ leftEye, rightEye });
  const mouth = rolledBack(midpoint(mouthLeft, mouthRight), eyes, roll);
  const tip = rolledBack(nose, eyes, roll);
  const { noseDown, noseOut, betweenEyes } = averageFace;
  const aside = (tip.x - noseDown * mouth.x) / noseOut;
  const up = (noseDown * mouth.y - tip.y) / noseOut;
  const pitch = Math.atan2(up, mouth.y);
  const eyeDistance = Math.hypot(rightEye.x - leftEye.x, rightEye.y - leftEye.y);
  const yaw = Math.atan2(aside, (eyeDistance * Math.cos(pitch)) / betweenEyes);
  return { yaw: yaw * degrees, pitch: pitch * degrees, roll: roll * degrees };
}

/** Whether a face stands rather than lies: its roll is at most 45 degrees, either way. */
export function isUpright(landmarks: Landmarks): boolean {
  return Math.abs(eyeSlope(landmarks)) <= Math.PI / 4;
}

/** In radians. */
function eyeSlope({ leftEye, rightEye }: Pick<Landmarks, "leftEye" | "rightEye">): number {
  return Math.atan2(rightEye.y - leftEye.y, rightEye.x - leftEye.x);
}

function midpoint(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

/** A point as seen from an origin, with the turn of `angle` about it undone. */
function rolledBack(point: Point, origin: Point, angle: number): Point {
  const [x, y] = [point.x - origin.x, point.y - origin.y];
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  return { x: x * cos + y * sin, y: y * cos - x * sin };
}
