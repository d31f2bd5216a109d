import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@facefleet/contracts";
import type { TenantClient } from "./tenant-client.js";

const everyMs = 100;
/** Every so many requests, one is to the simple endpoint, whose answer waits for a worker. */
const simpleEvery = 4;

/** Callers who come at a steady pace, however slow the answers are, and each wait for the end of their job. */
export class ServiceLoad {
  /** Answers, and ends of connections, that no caller should see. */
  readonly failures: string[] = [];
  /** Each job that was accepted, as it ended. */
  readonly jobs: Job[] = [];
  readonly #callers: Promise<void>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: TenantClient,
    private readonly requests: { readonly job: object; readonly image: Uint8Array },
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      const call = this.#callers.length % simpleEvery === 0 ? this.#embed() : this.#submit();
      this.#callers.push(call.catch((error: unknown) => void this.failures.push(String(error))));
    }, everyMs);
  }

  /** Resolves once nobody waits any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#callers);
  }

  async #embed(): Promise<void> {
    const form = new FormData();
    form.append("image", new Blob([Uint8Array.from(this.requests.image)]), "portrait.png");
    await this.#answer("POST", "/extract-embedding", () => ({ body: form }));
  }

  async #submit(): Promise<void> {
    const body = JSON.stringify(this.requests.job);
    const headers = { "content-type": "application/json" };
    let job = await this.#answer<Job>("POST", "/v1/jobs", () => ({ body, headers }));
    while (job.finishedAt === undefined) job = await this.#answer<Job>("GET", `${job.links.self}?wait=20`, () => ({}));
    this.jobs.push(job);
  }

  /** Asks again for as long as the service says when to: the one refusal that a caller has to live with. */
  async #answer<T>(method: string, path: string, content: () => RequestInit & { headers?: Record<string, string> }) {
    for (;;) {
      const answer = await this.client.send(method, path, content());
      const text = await answer.text();
      if (answer.ok) return JSON.parse(text) as T;
      const retryAfter = answer.headers.get("retry-after");
      if (answer.status !== 503 || retryAfter === null) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      await sleep(Number(retryAfter) * 1000);
    }
  }
}
