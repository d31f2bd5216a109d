import { embeddingOf, type Face } from "@facefleet/client";
import { CropPicture } from "../parts/crop-picture.js";
import { Fact } from "../parts/fact.js";
import { percent, score, words } from "../parts/words.js";
import type { JudgedFace } from "./select-faces.js";

/** All that is known of one face. */
export function FaceCard({ judged: { face, reason }, place }: { readonly judged: JudgedFace; readonly place: number }) {
  const { box, confidence, quality, cut, turned, embedding } = face;
  return (
    <section class="card face-card" aria-label={`Face ${place}`}>
      <figure>
        <CropPicture crop={face.crop} alt={`Face ${place} as FaceNet sees it`} />
        <figcaption class="quiet small">What FaceNet sees</figcaption>
      </figure>
      <div class="grow">
        <h3>
          Face {place} {reason && <span class="tag dropped">left out: {words(reason)}</span>}
          {cut && <span class="tag">cut by the border</span>}
        </h3>
        <dl class="facts">
          <Fact name="Confidence">{score(confidence)}</Fact>
          <Fact name="Box">
            {Math.round(box.width)} × {Math.round(box.height)} px at {Math.round(box.x)}, {Math.round(box.y)}
          </Fact>
          {turned !== undefined && <Fact name="In the picture turned">{turned}°</Fact>}
          {quality && (
            <>
              <Fact name="Sharpness">{quality.sharpness.toFixed(3)}</Fact>
              <Fact name="Brightness">{percent(quality.brightness)}</Fact>
              <Fact name="Yaw">{degrees(quality.pose.yaw)}</Fact>
              <Fact name="Pitch">{degrees(quality.pose.pitch)}</Fact>
              <Fact name="Roll">{degrees(quality.pose.roll)}</Fact>
            </>
          )}
        </dl>
        {embedding !== undefined && <EmbeddingLines face={face} />}
      </div>
    </section>
  );
}

/** The 512 numbers as lines up and down. */
function EmbeddingLines({ face }: { readonly face: Face }) {
  const numbers = [...embeddingOf(face)];
  const most = Math.max(...numbers.map(Math.abs));
  const path = numbers.map((number, index) => `M${index + 0.5} 24v${((-number / most) * 23).toFixed(1)}`).join("");
  return (
    <figure class="embedding">
      <svg viewBox="0 0 512 48" preserveAspectRatio="none" role="img" aria-label="The embedding's 512 numbers">
        <path d={path} />
      </svg>
      <figcaption class="quiet small">Embedding, 512 numbers</figcaption>
    </figure>
  );
}

function degrees(angle: number): string {
  return `${angle > 0 ? "+" : ""}${angle.toFixed(0)}°`;
}
