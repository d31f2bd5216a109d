import type { AnalysisResult, Job } from "@facefleet/client";
import { duration, timeOfDay } from "../parts/words.js";

interface Span {
  readonly name: string;
  /** Milliseconds after the submission. */
  readonly from: number;
  readonly ms: number;
}

const stages = [
  ["fetched", "fetchMs"],
  ["decoded", "decodeMs"],
  ["detected", "detectMs"],
  ["embedded", "embedMs"],
] as const;

/** A job's life, from its submission to its end. */
export function TimeLine({ job }: { readonly job: Job }) {
  const spans = spansOf(job);
  const total = Math.max(...spans.map(({ from, ms }) => from + ms), 1);
  return (
    <section class="card" aria-label="Time line">
      <div class="row">
        <h2>Time line</h2>
        <span class="grow" />
        <span class="quiet small">
          submitted {timeOfDay(job.createdAt)}
          {job.finishedAt && `, ended ${timeOfDay(job.finishedAt)}`}
        </span>
      </div>
      <ol class="time-line">
        {spans.map(({ name, from, ms }) => (
          <li key={name}>
            <span class="name">{name}</span>
            <span class="track" aria-hidden="true">
              <span
                class={`span ${name}`}
                style={{ left: `${(from / total) * 100}%`, width: `${(ms / total) * 100}%` }}
              />
            </span>
            <span class="number">{duration(ms)}</span>
          </li>
        ))}
        {!job.finishedAt && (
          <li>
            <span class="name">{job.progress?.stage ?? (job.state === "active" ? "in hand" : "waits")}</span>
            <span class="track">
              <span class="span running" />
            </span>
            <span class="number">…</span>
          </li>
        )}
      </ol>
    </section>
  );
}

/** What is known of the way: its stages where there is a result, else only when it was taken and when it ended. */
function spansOf({ createdAt, startedAt, finishedAt, result }: Job): Span[] {
  const since = (time: string) => Date.parse(time) - Date.parse(createdAt);
  if (!startedAt) return finishedAt ? [{ name: "queued", from: 0, ms: since(finishedAt) }] : [];
  const queued = { name: "queued", from: 0, ms: since(startedAt) };
  if (!finishedAt) return [queued];
  const timings = (result as Partial<AnalysisResult> | undefined)?.timings;
  if (!timings) return [queued, { name: "worked on", from: queued.ms, ms: since(finishedAt) - queued.ms }];
  const spans: Span[] = [queued];
  let from = queued.ms;
  for (const [name, field] of stages) {
    const ms = timings[field];
    if (ms > 0) spans.push({ name, from, ms });
    from += ms;
  }
  return [...spans, { name: "stored", from, ms: Math.max(since(finishedAt) - from, 0) }];
}
