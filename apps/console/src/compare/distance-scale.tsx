import type { VerifyResult } from "@facefleet/client";

interface Mark {
  readonly distance: number;
  readonly decision: VerifyResult["decision"];
  readonly label: string;
}

interface DistanceScaleProps {
  readonly marks: readonly Mark[];
  readonly threshold: number;
  readonly band: VerifyResult["uncertainBand"];
}

/** Distances reach from 0 to 2; those of unit vectors that have nothing to do with each other lie near the square root of 2. */
const longest = 1.6;

/** Where pairs lie between the same person and two people, with the threshold and the band that was measured. */
export function DistanceScale({ marks, threshold, band }: DistanceScaleProps) {
  const at = (distance: number) => `${(Math.min(distance, longest) / longest) * 100}%`;
  return (
    <figure class="scale">
      <div class="track" aria-hidden="true">
        <span class="zone good" style={{ left: 0, width: at(band.from) }} />
        <span class="zone unsure" style={{ left: at(band.from), width: at(band.to - band.from) }} />
        <span class="zone bad" style={{ left: at(band.to), right: 0 }} />
        <span class="threshold" style={{ left: at(threshold) }} />
        {marks.map(({ distance, decision, label }, index) => (
          <span
            key={label}
            class={`pin ${decision} ${index === 0 ? "nearest" : ""}`}
            style={{ left: at(distance) }}
            title={`${label}: ${distance.toFixed(3)}`}
          />
        ))}
      </div>
      <div class="ticks" aria-hidden="true">
        <span style={{ left: 0 }}>0</span>
        <span class="from" style={{ left: at(band.from) }}>
          {band.from}
        </span>
        <span class="to" style={{ left: at(band.to) }}>
          {band.to}
        </span>
        <span style={{ left: "100%" }}>{longest}+</span>
      </div>
      <figcaption class="quiet small">
        Distance. Below {band.from} it is the same person, from {band.to} on another; between, both were seen when this
        pack was measured. The dashed line is the threshold, {threshold}.
      </figcaption>
    </figure>
  );
}
