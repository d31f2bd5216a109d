import { setMaxListeners } from "node:events";
import { FacefleetClient } from "@facefleet/client";
import { seededRandom } from "../load/seeded-random.js";
import { CallerWays } from "./caller-ways.js";
import type { FaultImage } from "./fault-images.js";
import { Submission } from "./submission.js";

export interface FaultLoadOptions {
  readonly apiUrls: readonly string[];
  readonly webhookUrl: string;
  readonly images: readonly FaultImage[];
  readonly seed: number;
}

const everyMs = 350;
/** Past it no caller comes, as where callers wait for each other. */
const mostCallers = 80;
/** That an API has to answer. */
const patienceMs = 10_000;
/** Of the images of callers. */
const goodShare = 0.8;

/**
 * Callers that come at a steady pace, in every way that jobs and batches are submitted, and each try again, at either API,
 * until their request is taken.
 */
export class FaultLoad {
  readonly submissions: Submission[] = [];
  /** Asks either API. */
  readonly client: FacefleetClient;
  readonly #options: FaultLoadOptions;
  readonly #random: () => number;
  readonly #callers = new Set<Promise<void>>();
  readonly #over = new AbortController();
  readonly #ways: CallerWays;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FaultLoadOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    // Each caller listens.
    setMaxListeners(0, this.#over.signal);
    this.client = new FacefleetClient({
      url: options.apiUrls[0]!,
      maxRetries: 10_000,
      retryDelayMs: 500,
      requestTimeoutMs: patienceMs,
      fetch: (input, init) => fetch(this.#atEitherApi(String(input)), init),
    });
    this.#ways = new CallerWays({
      client: this.client,
      images: options.images,
      webhook: { url: options.webhookUrl },
      signal: this.#over.signal,
      post: (path, init) => {
        const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(patienceMs)]);
        return fetch(this.#atEitherApi(options.apiUrls[0]! + path), { ...init, method: "POST", signal });
      },
    });
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (this.#callers.size < mostCallers) this.#call();
    }, everyMs);
  }

  /** Lets no more callers come; resolves once every one was answered, or after a time. */
  async stop(withinMs: number): Promise<void> {
    clearInterval(this.#timer);
    const giveUp = () => this.#over.abort(new Error("Expected the request to be taken by now"));
    const timer = setTimeout(giveUp, withinMs);
    await Promise.all(this.#callers);
    clearTimeout(timer);
  }

  #call(): void {
    const { kind, images, send } = this.#oneOf(this.#ways.all);
    const chosen = images(() => this.#draw());
    const endings = chosen.map(({ ending }) => ending);
    const submission = new Submission(String(this.submissions.length), kind, endings);
    this.submissions.push(submission);
    const task = this.#random() < 0.5 ? "detect" : "embed";
    const call = send(submission, task, chosen)
      .catch((error: unknown) => {
        submission.fault = error;
      })
      .finally(() => this.#callers.delete(call));
    this.#callers.add(call);
  }

  #draw(): FaultImage {
    const isGood = this.#random() < goodShare;
    return this.#oneOf(this.#options.images.filter(({ ending }) => (ending.state === "succeeded") === isGood));
  }

  #oneOf<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)]!;
  }

  /** The same request, to the one or the other. */
  #atEitherApi(url: string): string {
    const { apiUrls } = this.#options;
    const [first] = apiUrls;
    const other = apiUrls[Math.floor(Math.random() * apiUrls.length)]!;
    return url.startsWith(first!) ? other + url.slice(first!.length) : url;
  }
}
