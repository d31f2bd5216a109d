import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { WaitingWorkerSettings, WorkerReply, WorkerRequest } from "./waiting-worker/protocol.js";

const main = new URL("./waiting-worker/main.js", import.meta.url);

/** One worker that only waits, as a process. */
export class WaitingWorker {
  readonly #process: ChildProcess;

  private constructor(settings: WaitingWorkerSettings) {
    this.#process = fork(main, [JSON.stringify(settings)]);
  }

  static async launch(settings: WaitingWorkerSettings): Promise<WaitingWorker> {
    const worker = new WaitingWorker(settings);
    await worker.#reply();
    return worker;
  }

  get pid(): number {
    return this.#process.pid!;
  }

  start(): void {
    this.#request("start");
  }

  /** How many jobs have ended here. */
  async count(): Promise<number> {
    this.#request("count");
    return (await this.#reply()) as number;
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }

  #request(request: WorkerRequest): void {
    this.#process.send(request);
  }

  async #reply(): Promise<WorkerReply> {
    const [reply] = (await once(this.#process, "message")) as [WorkerReply];
    return reply;
  }
}
