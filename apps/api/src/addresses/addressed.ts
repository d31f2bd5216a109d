import type { Problem } from "@facefleet/contracts";

/** What of a job or a batch, or of a list of them, holds addresses. */
interface Addressed {
  readonly links?: Readonly<Record<string, string>>;
  readonly error?: Problem;
  readonly heldUpBy?: Problem;
  readonly jobs?: unknown;
  readonly batches?: unknown;
}

/**
 * An answer with URLs for the paths in it.
 *
 * @param base what is put before each path; with an empty one the answer is as it was
 */
export function addressed<T>(base: string, answer: T): T {
  if (base === "" || typeof answer !== "object" || answer === null) return answer;
  const { links, error, heldUpBy, jobs, batches } = answer as Addressed;
  return {
    ...answer,
    ...(links && { links: Object.fromEntries(Object.entries(links).map(([name, path]) => [name, base + path])) }),
    ...(error && { error: addressedProblem(base, error) }),
    ...(heldUpBy && { heldUpBy: addressedProblem(base, heldUpBy) }),
    ...(Array.isArray(jobs) && { jobs: jobs.map((job) => addressed(base, job)) }),
    ...(Array.isArray(batches) && { batches: batches.map((batch) => addressed(base, batch)) }),
  };
}

/** A problem with URLs for the paths in it. */
export function addressedProblem(base: string, problem: Problem): Problem {
  const { type, job } = problem;
  return { ...problem, type: base + type, ...(job !== undefined && { job: base + job }) };
}

/** Of a problem within a result: nothing that a caller wrote can look like it, since a caller's values are strings. */
const problemStart = '"error":{"type":"';
const problemType = Buffer.from(problemStart);

/** A result that is kept as JSON, with URLs for the paths in it. */
export function addressedText(base: string, result: string): string {
  return base === "" ? result : result.replaceAll(problemStart, `${problemStart}${base}`);
}

/** The same for a result, or lines of results, that pass by as bytes, cut anywhere. */
export async function* addressedBytes(base: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  if (base === "") return yield* chunks;
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = Buffer.concat([held, chunk]);
    for (let at = bytes.indexOf(problemType); at !== -1; at = bytes.indexOf(problemType)) {
      const end = at + problemType.length;
      yield Buffer.concat([bytes.subarray(0, end), Buffer.from(base)]);
      bytes = bytes.subarray(end);
    }
    // The rest may be where one begins.
    const sure = Math.max(0, bytes.length - problemType.length + 1);
    yield bytes.subarray(0, sure);
    held = bytes.subarray(sure);
  }
  yield held;
}
