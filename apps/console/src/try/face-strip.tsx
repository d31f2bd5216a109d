import type { Face } from "@facefleet/client";
import { useState } from "preact/hooks";
import { CropPicture } from "../parts/crop-picture.js";
import { count, score, words } from "../parts/words.js";
import { type JudgedFace, placeOf } from "./select-faces.js";

interface FaceStripProps {
  readonly faces: readonly JudgedFace[];
  readonly chosen: Face | undefined;
  readonly onChoose: (face: Face | undefined) => void;
}

/** Of a crowd not all are listed at once. */
const shownAtFirst = 48;

/** The faces in their order, those that are left out last, with why. */
export function FaceStrip({ faces, chosen, onChoose }: FaceStripProps) {
  const [all, setAll] = useState(false);
  const shown = all ? faces : faces.slice(0, shownAtFirst);
  return (
    <ol class="strip" aria-label="Faces">
      {shown.map(({ face, reason }, index) => (
        <li key={placeOf(face)}>
          <button
            type="button"
            class={`tile ${reason ? "dropped" : ""}`}
            aria-pressed={face === chosen}
            aria-label={`Face ${index + 1}, confidence ${score(face.confidence)}${reason ? `, left out: ${words(reason)}` : ""}`}
            onClick={() => onChoose(face === chosen ? undefined : face)}
          >
            <CropPicture crop={face.crop} />
            <span>{reason ? words(reason) : score(face.confidence)}</span>
          </button>
        </li>
      ))}
      {shown.length < faces.length && (
        <li>
          <button type="button" class="tile more" onClick={() => setAll(true)}>
            {count(faces.length - shown.length, "more face")}
          </button>
        </li>
      )}
    </ol>
  );
}
