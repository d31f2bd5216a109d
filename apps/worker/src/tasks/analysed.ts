import { type FaceJobPayload, type JobOptions, type JobResult, ProblemError } from "@facefleet/contracts";
import type { FaceAnalysis } from "@facefleet/core";
import { type JobTimes, reusedResult } from "./result.js";
import { analyseImage, fetchTimed } from "./seen-image.js";
import type { RunTask } from "./task.js";

/**
 * A task whose images are all fetched and analysed at once, and whose result may be that of another job.
 *
 * @param toResult makes the result of the analyses, which are in the order of the job's images
 * @param optionsOf what is looked for in one of the images; unless told, what the job says
 */
export function analysed<Result extends JobResult>(
  toResult: (analyses: readonly FaceAnalysis[], payload: FaceJobPayload, times: JobTimes) => Result,
  optionsOf: (payload: FaceJobPayload, index: number) => JobOptions = ({ options }) => options,
): RunTask<Result> {
  return async (job, parts, signal) => {
    const { payload, queueMs } = job;
    const fetched = await forEachImage(payload.images, (image) => fetchTimed(image, job, parts, signal));
    job.reportStage("analyse");
    const images = fetched.map(({ bytes }) => bytes);
    const times = { queueMs, fetchMs: fetched[0]!.fetchMs };
    const run = async () => {
      const analyses = await forEachImage(images, (bytes, index) =>
        analyseImage(bytes, optionsOf(payload, index), job, parts, signal),
      );
      return toResult(analyses, payload, times);
    };
    if (!parts.cache) return await run();
    const { result, isReused } = await parts.cache.answer({ job, images, signal, run });
    // Another job's is of the same task.
    return (isReused ? reusedResult(result, times) : result) as Result;
  };
}

/** Does the work for all of a job's images at once; of several, says which one the problem is about. */
async function forEachImage<T, R>(images: readonly T[], work: (image: T, index: number) => Promise<R>): Promise<R[]> {
  return await Promise.all(
    images.map((image, index) =>
      work(image, index).catch((error: unknown) => {
        if (!(error instanceof ProblemError) || images.length === 1) throw error;
        const { code, message, extras } = error;
        throw new ProblemError(code, `In ${placeOf(index, images)}: ${message}`, { cause: error, extras });
      }),
    ),
  );
}

/** Which of a job's images one is, in words. */
export function placeOf(index: number, { length }: readonly unknown[]): string {
  return `image ${index + 1} of ${length}`;
}
