import { once } from "node:events";
import { createRequire } from "node:module";
import { SHARE_ENV, Worker } from "node:worker_threads";
import type { WeightsFile } from "../../models/index.js";
import type { Network } from "../../nets/index.js";
import type { ChosenEngine, EngineChoice } from "../create-engine.js";
import type { Arithmetic, EngineOptions, InferenceEngine, Session, Tensor } from "../inference-engine.js";
import { Scratch } from "../scratch.js";
import type {
  EngineAnswer,
  EngineRequest,
  EngineResult,
  EngineStarted,
  EngineThreadSettings,
  LivingTensors,
} from "./protocol.js";

const require = createRequire(import.meta.url);

/**
 * Starts an engine on a thread of its own, as `createEngine` does on this one. Engines block the thread that calls them:
 * here this one stays free for images, and for whoever asks for something, while the engine computes.
 */
export async function createEngineThread(choice: EngineChoice, options: EngineOptions = {}): Promise<ChosenEngine> {
  const settings: EngineThreadSettings = { choice, options };
  // The package's own name leads to what is built, which is what a thread can run.
  const entry = require.resolve("@facefleet/core/engine-thread");
  // With one environment for both: what a library is told by it has to reach the library.
  const thread = new Worker(entry, { workerData: settings, env: SHARE_ENV, execArgv: [] });
  const [started] = (await once(thread, "message")) as [EngineStarted];
  return { engine: new ThreadedEngine(started, thread), reason: started.reason };
}

interface Asked {
  readonly resolve: (result: EngineResult) => void;
  readonly reject: (error: unknown) => void;
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
  ) {
    this.name = name;
    this.device = device;
    this.arithmetics = arithmetics;
    thread.on("message", (answer: EngineAnswer) => this.answered(answer));
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
      this.asked.set(id, { resolve, reject });
      this.thread.postMessage({ id, ...request });
    });
  }

  private answered(answer: EngineAnswer): void {
    const asked = this.asked.get(answer.id);
    this.asked.delete(answer.id);
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

function copyTo(to: Float32Array, from: Float32Array): Float32Array {
  to.set(from);
  return to;
}
