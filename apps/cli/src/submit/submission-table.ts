import { type Face, FacefleetError, type Job } from "@facefleet/client";
import type { Submission } from "./submission.js";

const allColumns = ["image", "faces", "best", "ms", "state", "drawing"] as const;
type Row = Record<(typeof allColumns)[number], string>;

/**
 * One line an image: how many faces, the best one's confidence, the job's milliseconds, how it ended, and where its drawing
 * is, when there are any.
 */
export function submissionTable(submissions: readonly Submission[]): string {
  const hasDrawings = submissions.some(({ drawing }) => drawing !== undefined);
  const columns = allColumns.filter((column) => column !== "drawing" || hasDrawings);
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

function row({ input, job, error, drawing = "" }: Submission): Row {
  if (job?.state !== "succeeded") {
    return { image: input.name, faces: "-", best: "-", ms: duration(job), state: failure(job, error), drawing };
  }
  const faces = facesOf(job);
  const best = Math.max(...faces.map((face) => face.confidence));
  return {
    image: input.name,
    faces: String(faces.length),
    best: faces.length > 0 ? best.toFixed(3) : "-",
    ms: duration(job),
    state: job.state,
    drawing,
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
