import type { VerifyResult } from "@facefleet/client";
import { CropPicture } from "../parts/crop-picture.js";
import { Fact } from "../parts/fact.js";
import { Tag } from "../parts/tag.js";
import { count } from "../parts/words.js";
import { DistanceScale } from "./distance-scale.js";

const sentences = {
  match: "The same person",
  uncertain: "Perhaps the same person",
  no_match: "Two people",
} as const;

/** Two faces, and how near they are. */
export function Pair({ result }: { readonly result: VerifyResult }) {
  const { decision, faces, euclideanDistance, cosineSimilarity, similarity, threshold, uncertainBand } = result;
  const [first, second] = faces;
  const others = result.candidates ?? [];
  const marks = [
    { distance: euclideanDistance, decision, label: "The nearest face" },
    ...others.map((other, index) => ({
      distance: other.euclideanDistance,
      decision: other.decision,
      label: `Candidate ${index + 2}`,
    })),
  ];
  return (
    <section class="card pair" aria-label="How they compare">
      <div class="faces">
        <CropPicture crop={first?.crop} alt="The face of the first picture" />
        <div class={`verdict ${decision}`}>
          <strong>{sentences[decision]}</strong>
          <span>{euclideanDistance.toFixed(3)}</span>
        </div>
        <CropPicture crop={second?.crop} alt="The nearest face of the second picture" />
      </div>
      <DistanceScale marks={marks} threshold={threshold} band={uncertainBand} />
      <dl class="facts">
        <Fact name="Decision">
          <Tag state={decision} />
        </Fact>
        <Fact name="Distance">{euclideanDistance.toFixed(4)}</Fact>
        <Fact name="Cosine">{cosineSimilarity.toFixed(4)}</Fact>
        <Fact name="Similarity">{similarity.toFixed(4)}</Fact>
        {result.faceCounts && (
          <Fact name="Found">{result.faceCounts.map((faces) => count(faces, "face")).join(" and ")}</Fact>
        )}
        <Fact name="Pack">{result.model.pack}</Fact>
      </dl>
    </section>
  );
}
