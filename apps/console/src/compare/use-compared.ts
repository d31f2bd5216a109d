import { FacefleetError, type MatchResult, resultOf, type VerifyResult } from "@facefleet/client";
import { useEffect, useState } from "preact/hooks";
import { client, type Fault, faultOf } from "../service.js";

export type Mode = "two" | "many";

interface Compared {
  readonly isAsking?: boolean;
  readonly pair?: VerifyResult;
  readonly many?: MatchResult;
  readonly fault?: Fault | undefined;
}

/** Compares the first with the others, whenever other pictures are chosen. */
export function useCompared(mode: Mode, first: File | undefined, others: readonly File[]) {
  const [compared, setCompared] = useState<Compared>({});
  const [round, setRound] = useState(0);
  const [second] = others;
  useEffect(() => {
    setCompared({});
    if (!first || !second) return;
    const stop = new AbortController();
    setCompared({ isAsking: true });
    const asked = mode === "two" ? comparePair(first, second, stop.signal) : compareMany(first, others, stop.signal);
    asked
      .then((answer) => !stop.signal.aborted && setCompared(answer))
      .catch((error: unknown) => !stop.signal.aborted && setCompared({ fault: faultOf(error) }));
    return () => stop.abort();
  }, [mode, first, second, others.length, round, client.value]);
  return { ...compared, again: () => setRound((before) => before + 1) };
}

const options = { crops: true, embeddingFormat: "base64" } as const;

/** Results are of use while they are looked at. */
const resultTtlSeconds = 60;

async function comparePair(first: File, second: File, signal: AbortSignal): Promise<Compared> {
  const request = { options, priority: "high", resultTtlSeconds } as const;
  return { pair: await client.peek().verify(first, second, request, { signal }) };
}

/** They go as base64 in one text, of which browsers make none of more than half a gigabyte. */
const mostMegabytes = 300;

async function compareMany(probe: File, gallery: readonly File[], signal: AbortSignal): Promise<Compared> {
  const megabytes = [probe, ...gallery].reduce((sum, { size }) => sum + size, 0) / 1e6;
  if (megabytes > mostMegabytes) {
    const message = `Expected at most ${mostMegabytes} MB of pictures at a time but there are ${Math.ceil(megabytes)} MB: choose fewer, or smaller ones.`;
    throw new FacefleetError("pictures_too_large", message);
  }
  const request = { task: "match", probe, gallery, options, priority: "high", resultTtlSeconds } as const;
  const job = await client.peek().submit(request, { signal });
  return { many: resultOf(await client.peek().wait(job, { signal })) };
}
