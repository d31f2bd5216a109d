import type { Job } from "@facefleet/client";
import { useEffect, useState } from "preact/hooks";
import { client, type Fault, faultOf } from "../service.js";

/** A job, followed by its events until it has ended; then with its result. */
export function useJob(id: string) {
  const [round, setRound] = useState(0);
  const [seen, setSeen] = useState<{ job?: Job | undefined; fault?: Fault | undefined }>({});
  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const follow = async () => {
      let job = await client.peek().job(id, { signal });
      setSeen({ job });
      if (job.finishedAt) return;
      for await (job of client.peek().events(id, { signal })) setSeen({ job });
      setSeen({ job: await client.peek().job(id, { signal }) });
    };
    follow().catch((error: unknown) => {
      const fault = faultOf(error);
      const isGone = fault?.code === "job_not_found";
      if (!signal.aborted) setSeen(({ job }) => ({ fault, job: isGone ? undefined : job }));
    });
    return () => stop.abort();
  }, [id, round, client.value]);
  return { ...seen, again: () => setRound((before) => before + 1) };
}
