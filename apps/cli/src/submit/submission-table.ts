import { FacefleetError } from "@facefleet/client";
import type { Face, Job } from "@facefleet/contracts";
import type { Submission } from "./submission.js";

const columns = ["image", "faces", "best", "ms", "state"] as const;
type Row = Record<(typeof columns)[number], string>;

/** One line an image: how many faces, the best one's confidence, the job's milliseconds, and how it ended. */
export function submissionTable(submissions: readonly Submission[]): string {
  const header = Object.fromEntries(columns.map((column) => [column, column])) as Row;
  const rows = [header, ...submissions.map(row)];
  const widths = columns.map((column) => Math.max(...rows.map((cells) => cells[column].length)));
  const line = (cells: Row) =>
    columns
      .map((column, i) => (isNumeric(column) ? cells[column].padStart(widths[i]!) : cells[column].padEnd(widths[i]!)))
      .join("  ")
      .trimEnd();
  return `${rows.map(line).join("\n")}\n`;
}

/** The faces of a job that has ended well. */
export function facesOf(job: Job | undefined): readonly Face[] {
  return job?.result && "faces" in job.result ? job.result.faces : [];
}

function isNumeric(column: keyof Row): boolean {
  return column === "faces" || column === "best" || column === "ms";
}

function row({ input, job, error }: Submission): Row {
  if (job?.state !== "succeeded") {
    return { image: input.name, faces: "-", best: "-", ms: duration(job), state: failure(job, error) };
  }
  const faces = facesOf(job);
  const best = Math.max(...faces.map((face) => face.confidence));
  return {
    image: input.name,
    faces: String(faces.length),
    best: faces.length > 0 ? best.toFixed(3) : "-",
    ms: duration(job),
    state: job.state,
  };
}

function duration(job: Job | undefined): string {
  return job?.finishedAt ? String(Date.parse(job.finishedAt) - Date.parse(job.createdAt)) : "-";
}

function failure(job: Job | undefined, error: Error | undefined): string {
  if (!job) return error instanceof FacefleetError ? `${error.code} (${error.message})` : `${error?.message}`;
  const { code, detail, title } = job.error ?? {};
  return code ? `${job.state}: ${code} (${detail ?? title})` : job.state;
}
