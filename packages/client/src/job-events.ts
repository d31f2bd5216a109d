import { FacefleetError } from "./facefleet-error.js";
import { pause } from "./pause.js";
import { serverSentEvents } from "./server-sent-events.js";
import { streamChunks } from "./stream-chunks.js";
import { hasEnded } from "./wait-until-ended.js";
import type { Job } from "./wire.js";

/** Before a stream that broke off, or ended before the job, is asked for again. */
const againMs = 1000;

/**
 * A job as it is, then each time that it has changed, until it has ended.
 * @param open opens the stream of its events; told the id of the last one that was seen
 */
export async function* jobEvents(
  open: (seen: string | undefined) => Promise<ReadableStream<Uint8Array>>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Job, void, undefined> {
  let seen: string | undefined;
  for (;;) {
    const events = serverSentEvents(streamChunks(await open(seen), signal));
    for await (const { id, data } of untilLost(events)) {
      // Whoever comes again is told first what was told last.
      if (id !== undefined && id === seen) continue;
      seen = id;
      const job = parsed(data);
      yield job;
      if (hasEnded(job)) return;
    }
    await pause(againMs, signal);
  }
}

async function* untilLost<T>(values: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  try {
    yield* values;
  } catch (error) {
    if (!(error instanceof FacefleetError && error.code === "unreachable")) throw error;
  }
}

function parsed(data: string): Job {
  try {
    return JSON.parse(data) as Job;
  } catch (cause) {
    throw new FacefleetError("unexpected_answer", "Expected a job in an event but received something else", { cause });
  }
}
