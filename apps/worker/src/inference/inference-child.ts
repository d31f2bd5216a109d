import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { ProblemError } from "@facefleet/contracts";
import type { AnalysisOptions, BatchReport, BatchStage, CallOptions, FaceAnalysis, ImageMemory } from "@facefleet/core";
import { WeightedSemaphore } from "@facefleet/core/batching";
import { inferenceEnvironment } from "../config.js";
import { MemoryLender } from "./lent-memory.js";
import type {
  InferenceInfo,
  InferenceReply,
  InferenceRequest,
  InferenceSettings,
  InferenceVitals,
} from "./protocol.js";

// The same file from src/ (tests) and from dist/: a forked process always runs what was built.
const entry = new URL("../../dist/inference/main.js", import.meta.url);

const killAfterMs = 2000;
/** Longer than the slowest batch on the slowest engine. */
const longestSilenceMs = 300_000;
/** Longer than what cannot be broken off, a decoder above all, takes to end by itself. */
const longestLettingGoMs = 45_000;

/** The process ended while it had the image, which may or may not be the reason. */
export class InferenceProcessLost extends Error {
  override readonly name = "InferenceProcessLost";
}

/** Told what the process says of itself. */
export interface InferenceListener {
  onBatch?(report: BatchReport): void;
  /** A batch was halved because the device ran out of memory. */
  onOutOfMemorySplit?(stage: BatchStage): void;
  onVitals?(vitals: InferenceVitals): void;
}

/** How long the process may take, in milliseconds, before it is killed. */
export interface InferencePatience {
  /** To say anything while it has work. */
  readonly silenceMs?: number | undefined;
  /** To let go of an image that is not wanted any more. */
  readonly lettingGoMs?: number | undefined;
}

/**
 * Bytes of images that are on their way to the process or wait there to be decoded. The rest waits here, as what is urgent
 * could not pass it in the channel.
 */
const channelBytes = { limit: 32 * 2 ** 20, urgentOnly: 8 * 2 ** 20, firstOnly: 8 * 2 ** 20 };

interface Call {
  decoded(): void;
  resolve(analysis: FaceAnalysis): void;
  reject(error: Error): void;
}

/** One forked inference process, from its start to its end. */
export class InferenceChild {
  /** Rejects with one sentence when the process cannot do its work. */
  readonly started: Promise<InferenceInfo>;
  /** How the process ended; it never rejects. */
  readonly ended: Promise<string>;

  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Call>();
  readonly #channel = new WeightedSemaphore(channelBytes);
  readonly #lender: MemoryLender;
  /** Runs out when the process hangs, in a driver or a decoder, which would hold its jobs for ever. */
  readonly #silence: NodeJS.Timeout;
  /** For each image that is not wanted any more, until the process says that it has let go of it. */
  readonly #lettingGo = new Map<number, NodeJS.Timeout>();
  #lastId = 0;
  #isWarm = false;
  #isHung = false;
  #lost: InferenceProcessLost | undefined;

  constructor(
    settings: InferenceSettings,
    memory: ImageMemory,
    private readonly hear: InferenceListener,
    private readonly patience: InferencePatience = {},
  ) {
    const { silenceMs = longestSilenceMs } = patience;
    this.#lender = new MemoryLender(memory, (request) => this.#send(request));
    this.#process = fork(entry, {
      serialization: "advanced",
      env: inferenceEnvironment(),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: ["--enable-source-maps"],
    });
    this.#silence = setTimeout(() => this.#endHung(), silenceMs).unref();
    this.#process.on("message", (reply: InferenceReply) => this.#receive(reply));
    this.ended = this.#watchEnd();
    this.started = this.#watchStart();
    this.#send({ type: "start", settings });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Rejects with the image's ProblemError, with InferenceProcessLost, or with the signal's reason. */
  async analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions = {}): Promise<FaceAnalysis> {
    const room = await this.#channel.acquire(bytes.byteLength, call);
    try {
      return await this.#analyse(bytes, options, call, room.release);
    } finally {
      room.release();
    }
  }

  async #analyse(
    bytes: Uint8Array,
    options: AnalysisOptions,
    { signal, urgent = false, flow = "" }: CallOptions,
    decoded: () => void,
  ): Promise<FaceAnalysis> {
    signal?.throwIfAborted();
    if (this.#lost) throw this.#lost;
    const id = ++this.#lastId;
    const cancel = () => {
      if (!this.#calls.has(id)) return;
      this.#cancel(id);
      this.#calls.get(id)?.reject(signal?.reason);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    if (this.#calls.size === 0) this.#silence.refresh();
    try {
      return await new Promise<FaceAnalysis>((resolve, reject) => {
        this.#calls.set(id, { decoded, resolve, reject });
        this.#send({ type: "analyse", id, bytes, options, urgent, flow });
      });
    } finally {
      this.#calls.delete(id);
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Ends the process; what it was doing is lost. */
  async close(): Promise<void> {
    const kill = setTimeout(() => this.#process.kill("SIGKILL"), killAfterMs);
    if (this.#process.connected) this.#process.disconnect();
    await this.ended;
    clearTimeout(kill);
  }

  #cancel(id: number): void {
    this.#send({ type: "cancel", id });
    const { lettingGoMs = longestLettingGoMs } = this.patience;
    this.#lettingGo.set(id, setTimeout(() => this.#kill(), lettingGoMs).unref());
  }

  #endHung(): void {
    if (!this.#isWarm || this.#calls.size > 0) this.#kill();
  }

  #kill(): void {
    this.#isHung = true;
    this.#process.kill("SIGKILL");
  }

  #receive(reply: InferenceReply): void {
    // A process whose images hang may still be able to say how it is.
    if (reply.type !== "vitals") this.#silence.refresh();
    if (reply.type === "ready") this.#isWarm = true;
    else if (reply.type === "batch") this.hear.onBatch?.(reply.report);
    else if (reply.type === "outOfMemorySplit") this.hear.onOutOfMemorySplit?.(reply.stage);
    else if (reply.type === "vitals") this.hear.onVitals?.(reply.vitals);
    else if (reply.type === "memoryWanted") void this.#lender.wanted(reply);
    else if (reply.type === "memoryKept") this.#lender.kept(reply);
    else if (reply.type === "decoded") this.#calls.get(reply.id)?.decoded();
    else if (reply.type === "letGo") this.#ended(reply.id);
    else if (reply.type === "analysed") this.#ended(reply.id)?.resolve(reply.analysis);
    else if (reply.type === "failed") this.#ended(reply.id)?.reject(errorOf(reply));
  }

  /** The process does nothing more for it. A cancel that comes now, or has crossed this, is answered by nothing else. */
  #ended(id: number): Call | undefined {
    clearTimeout(this.#lettingGo.get(id));
    this.#lettingGo.delete(id);
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  async #watchStart(): Promise<InferenceInfo> {
    return await new Promise((resolve, reject) => {
      this.#process.on("message", (reply: InferenceReply) => {
        if (reply.type === "ready") resolve(reply.info);
        else if (reply.type === "refused") reject(new Error(reply.message));
      });
      void this.ended.then((end) => reject(new Error(`The inference process ended with ${end} before it was ready`)));
    });
  }

  async #watchEnd(): Promise<string> {
    // The process's last messages are read only when its channel is at its end, too.
    const end = await Promise.all([once(this.#process, "exit"), once(this.#process, "disconnect")]).then(
      ([[code, signal]]) =>
        signal ? `signal ${signal}${this.#isHung ? ", because it hung" : ""}` : `exit code ${code}`,
      (error: Error) => error.message,
    );
    this.#lender.takeBack();
    for (const timer of this.#lettingGo.values()) clearTimeout(timer);
    this.#lost = new InferenceProcessLost(`The inference process ended with ${end}`);
    for (const call of this.#calls.values()) call.reject(this.#lost);
    return end;
  }

  #send(request: InferenceRequest): void {
    // A message to a dead process is no error of its own: its end rejects every call.
    if (this.#process.connected) this.#process.send(request, () => {});
  }
}

function errorOf({ problem, reason }: Extract<InferenceReply, { type: "failed" }>): ProblemError {
  return ProblemError.fromProblem(problem, reason === undefined ? {} : { cause: new Error(reason) });
}
