import type { MatchResult } from "@facefleet/client";
import { CropPicture } from "../parts/crop-picture.js";
import { Tag } from "../parts/tag.js";
import { DistanceScale } from "./distance-scale.js";

interface GalleryProps {
  readonly result: MatchResult;
  readonly files: readonly File[];
}

/** One against many, the nearest first. */
export function Gallery({ result, files }: GalleryProps) {
  const { matches, failed, threshold, uncertainBand, probe } = result;
  const name = (index: number) => files[index]?.name ?? `Picture ${index + 1}`;
  const marks = matches.map(({ index, euclideanDistance, decision }) => ({
    distance: euclideanDistance,
    decision,
    label: `${index + 1}. ${name(index)}`,
  }));
  return (
    <section class="card gallery" aria-label="How they compare">
      <div class="row">
        <CropPicture crop={probe.face?.crop} alt="The face that is looked for" />
        <div class="grow">
          <DistanceScale marks={marks} threshold={threshold} band={uncertainBand} />
        </div>
      </div>
      <ol class="matches">
        {matches.map(({ index, face, decision, euclideanDistance }) => (
          <li key={index}>
            <CropPicture crop={face?.crop} />
            <span class="grow name" title={name(index)}>
              {name(index)}
            </span>
            <span class="number">{euclideanDistance.toFixed(3)}</span>
            <Tag state={decision} />
          </li>
        ))}
        {failed.map(({ index, error }) => (
          <li key={index}>
            <CropPicture crop={undefined} />
            <span class="grow">
              <span class="name" title={name(index)}>
                {name(index)}
              </span>
              <span class="quiet small">{error.title}</span>
            </span>
            <Tag state="failed" />
          </li>
        ))}
      </ol>
    </section>
  );
}
