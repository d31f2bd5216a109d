import { once } from "node:events";
import { createRequire } from "node:module";
import { SHARE_ENV, Worker } from "node:worker_threads";
import type { WeightsFile } from "../../models/index.js";
import type { Network } from "../../nets/index.js";
import type { ChosenEngine } from "../create-engine.js";
import type { EngineChoice } from "../engine-names.js";
import type { Arithmetic, EngineOptions, InferenceEngine, Session, Tensor } from "../inference-engine.js";
import { Scratch } from "../scratch.js";
import type {
  EngineAnswer,
  EngineRequest,
  EngineResult,
  EngineStarted,
  EngineThreadSettings,
  EngineWarning,
  LivingTensors,
} from "./protocol.js";

const require = createRequire(import.meta.url);
/** No request takes as long, the first run on a GPU included. */
const longestAnswerMs = 120_000;

/**
 * Starts an engine on a thread of its own, as `createEngine` does on this one. Engines block the thread that calls them:
 * here this one stays free for images, and for whoever asks for something, while the engine computes.
 *
 * An engine that ends, or does not answer for `answersWithinMs`, takes its process with it: nothing else ends a library
 * that hangs.
 */
export async function createEngineThread(
  choice: EngineChoice,
  options: EngineOptions = {},
  answersWithinMs = longestAnswerMs,
): Promise<ChosenEngine> {
  const settings: EngineThreadSettings = { choice, options };
  // The package's own name leads to what is built, which is what a thread can run.
  const entry = require.resolve("@facefleet/core/engine-thread");
  // With one environment for both: what a library is told by it has to reach the library.
  const thread = new Worker(entry, { workerData: settings, env: SHARE_ENV, execArgv: [] });
  const [started] = (await once(thread, "message")) as [EngineStarted];
  return { engine: new ThreadedEngine(started, thread, answersWithinMs), reason: started.reason };
}

interface Asked {
  readonly resolve: (result: EngineResult) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the process. */
  readonly hangs: NodeJS.Timeout;
}

class ThreadedEngine implements InferenceEngine {
  readonly name: InferenceEngine["name"];
  readonly device: string;
  readonly arithmetics: readonly Arithmetic[];
  private readonly asked = new Map<number, Asked>();
  private readonly outOfMemory = new WeakSet<object>();
  private tensors: LivingTensors = { count: undefined, bytes: undefined };
  private lastId = 0;

  constructor(
    { name, device, arithmetics }: EngineStarted,
    private readonly thread: Worker,
    private readonly answersWithinMs: number,
  ) {
    this.name = name;
    this.device = device;
    this.arithmetics = arithmetics;
    thread.on("message", (message: EngineAnswer | EngineWarning) => {
      if ("warning" in message) process.emitWarning(message.warning);
      else this.answered(message);
    });
    // A process whose engine has ended has no use any more.
    thread.on("error", (error) => {
      throw error;
    });
    // It keeps the process only while it is asked something.
    thread.unref();
  }

  async compile<Output extends string>(
    network: Network<Output>,
    weights: WeightsFile,
    arithmetic?: Arithmetic,
  ): Promise<Session<Output>> {
    const session = await this.ask({ type: "compile", network: network.name, weightsPath: weights.path, arithmetic });
    return new ThreadedSession<Output>(session as number, (request) => this.ask(request));
  }

  isOutOfMemory(error: unknown): boolean {
    return this.outOfMemory.has(error as object);
  }

  tensorCount(): number | undefined {
    return this.tensors.count;
  }

  tensorBytes(): number | undefined {
    return this.tensors.bytes;
  }

  private ask(request: EngineRequest): Promise<EngineResult> {
    const id = ++this.lastId;
    this.thread.ref();
    return new Promise((resolve, reject) => {
      const hangs = setTimeout(() => {
        endProcess(`Expected the engine to ${request.type} within ${this.answersWithinMs} ms but it has not`);
      }, this.answersWithinMs).unref();
      this.asked.set(id, { resolve, reject, hangs });
      this.thread.postMessage({ id, ...request });
    });
  }

  private answered(answer: EngineAnswer): void {
    const asked = this.asked.get(answer.id);
    this.asked.delete(answer.id);
    clearTimeout(asked?.hangs);
    if (this.asked.size === 0) this.thread.unref();
    this.tensors = answer.tensors;
    if ("result" in answer) {
      asked?.resolve(answer.result);
      return;
    }
    if (answer.isOutOfMemory) this.outOfMemory.add(answer.error as object);
    asked?.reject(answer.error);
  }
}

class ThreadedSession<Output extends string> implements Session<Output> {
  private readonly scratch = new Scratch(SharedArrayBuffer);

  constructor(
    private readonly session: number,
    private readonly ask: (request: EngineRequest) => Promise<EngineResult>,
  ) {}

  input(length: number): Float32Array {
    return this.scratch.take(length);
  }

  async run({ data, shape }: Tensor): Promise<Record<Output, Tensor>> {
    const isShared = data.buffer instanceof SharedArrayBuffer;
    const input = { data: isShared ? data : copyTo(this.input(data.length), data), shape };
    return (await this.ask({ type: "run", session: this.session, input })) as Record<Output, Tensor>;
  }

  async close(): Promise<void> {
    await this.ask({ type: "close", session: this.session });
  }
}

/** At once, but for the time that the reason takes to be written: an orderly end waits for the thread that hangs. */
function endProcess(reason: string): void {
  process.emitWarning(reason);
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);
}

function copyTo(to: Float32Array, from: Float32Array): Float32Array {
  to.set(from);
  return to;
}
