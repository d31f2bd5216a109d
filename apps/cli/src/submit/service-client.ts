import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Job, type MultipartJob, type Problem, ProblemError, problemTable } from "@facefleet/contracts";
import type { SubmitInput } from "./submit-input.js";

export interface ServiceClientOptions {
  /** Where the service is: "http://127.0.0.1:3000". */
  readonly url: string;
  readonly maxRetries?: number;
  /** Before a retry that the service gives no time for. */
  readonly pauseMs?: number;
}

/** The longest that one request waits for a job to end, in seconds. */
const longPollSeconds = 20;

/** A caller of the service's jobs. Says in one sentence when no service is there. */
export class ServiceClient {
  readonly #url: string;
  readonly #maxRetries: number;
  readonly #pauseMs: number;

  constructor({ url, maxRetries = 5, pauseMs = 1000 }: ServiceClientOptions) {
    this.#url = url.replace(/\/+$/, "");
    this.#maxRetries = maxRetries;
    this.#pauseMs = pauseMs;
  }

  /** Throws when no service answers at the address. */
  async check(): Promise<void> {
    await this.#send("/livez", {});
  }

  /** Sends an image and returns its job, queued. */
  async submit(input: Extract<SubmitInput, { kind: "file" | "s3" }>, request: MultipartJob): Promise<Job> {
    if (input.kind === "s3") {
      const image = { s3: { bucket: input.bucket, key: input.key } };
      const body = JSON.stringify({ ...request, image });
      return this.#job("/v1/jobs", { method: "POST", headers: { "content-type": "application/json" }, body });
    }
    const body = new FormData();
    body.append("job", new Blob([JSON.stringify(request)], { type: "application/json" }));
    body.append("image", await openAsBlob(input.name, { type: input.contentType }), basename(input.name));
    return this.#job("/v1/jobs", { method: "POST", body });
  }

  /** Waits until the job has ended, however long that takes. */
  async finished(job: Job): Promise<Job> {
    let latest = job;
    while (latest.state === "queued" || latest.state === "active") {
      latest = await this.#job(`${job.links.self}?wait=${longPollSeconds}`, {});
    }
    return latest;
  }

  async #job(path: string, init: RequestInit): Promise<Job> {
    for (let retries = 0; ; retries++) {
      const response = await this.#send(path, init);
      if (response.ok) return (await response.json()) as Job;
      const mayRetry = response.status === 429 || response.status === 503;
      if (!mayRetry || retries >= this.#maxRetries) throw await problemOf(response);
      await response.body?.cancel();
      await sleep(retryAfterMs(response.headers.get("retry-after")) ?? this.#pauseMs * 2 ** retries);
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#url + path, init);
    } catch (error) {
      throw new Error(
        `Expected a Facefleet service at ${this.#url} but nothing answered; start one with npm start, or name one with --url`,
        { cause: error },
      );
    }
  }
}

/** Reads a Retry-After header, in seconds or as a date. Waits past five minutes are cut. */
export function retryAfterMs(header: string | null, now = Date.now()): number | undefined {
  if (!header) return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(milliseconds, 0), 300_000);
}

async function problemOf(response: Response): Promise<Error> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as Problem;
    if (problem.code in problemTable) return ProblemError.fromProblem(problem);
  } catch {
    // Not a problem of ours: the answer of something in between.
  }
  return new Error(`Expected an answer of Facefleet but received ${response.status} ${response.statusText}`.trim());
}
