import type { Box, Landmarks } from "@facefleet/client";
import { score, words } from "../parts/words.js";
import { type JudgedFace, placeOf } from "./select-faces.js";

interface FaceMarksProps {
  readonly faces: readonly JudgedFace[];
  /** Pixels of the screen in one of the picture. */
  readonly scale: number;
  readonly chosen: JudgedFace["face"] | undefined;
  readonly onChoose: (face: JudgedFace["face"]) => void;
}

/** A label in a box narrower than this would hide its neighbours. */
const narrowest = 44;

/** Boxes, landmarks and scores over a picture. For the eye only: the list beside it says the same to everyone. */
export function FaceMarks({ faces, scale, chosen, onChoose }: FaceMarksProps) {
  // What is dropped lies below what is kept, and the chosen one above all.
  const rank = ({ face, reason }: JudgedFace) => (face === chosen ? 2 : reason ? 0 : 1);
  return (
    <svg class="marks" aria-hidden="true">
      {[...faces]
        .sort((a, b) => rank(a) - rank(b))
        .map((judged) => (
          <FaceMark
            key={placeOf(judged.face)}
            judged={judged}
            scale={scale}
            isChosen={judged.face === chosen}
            onChoose={onChoose}
          />
        ))}
    </svg>
  );
}

interface FaceMarkProps extends Pick<FaceMarksProps, "scale" | "onChoose"> {
  readonly judged: JudgedFace;
  readonly isChosen: boolean;
}

function FaceMark({ judged: { face, reason }, scale, isChosen, onChoose }: FaceMarkProps) {
  const { x, y, width, height } = scaled(face.box, scale);
  const label = reason ? words(reason) : score(face.confidence);
  const isLabelled = isChosen || width >= narrowest;
  const above = y > 20;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the list beside the picture has the buttons
    <g class={`mark ${reason ? "dropped" : "kept"} ${isChosen ? "chosen" : ""}`} onClick={() => onChoose(face)}>
      <rect class="halo" x={x} y={y} width={width} height={height} rx={3} />
      <rect class="edge" x={x} y={y} width={width} height={height} rx={3} />
      {face.landmarks && <path class="points" d={points(face.landmarks, scale)} />}
      {isLabelled && (
        <text x={above ? x + 1 : Math.max(x, 0) + 5} y={above ? y - 6 : Math.max(y, 0) + 18}>
          {label}
        </text>
      )}
    </g>
  );
}

function scaled({ x, y, width, height }: Box, scale: number): Box {
  return { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
}

/** Lines of no length, whose round ends are dots: one element for the five of them. */
function points(landmarks: Landmarks, scale: number): string {
  return Object.values(landmarks)
    .map(({ x, y }) => `M${(x * scale).toFixed(1)} ${(y * scale).toFixed(1)}h0`)
    .join("");
}
