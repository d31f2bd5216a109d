import { setTimeout as sleep } from "node:timers/promises";

/** A program that runs, in a process group of its own. */
export interface Running {
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;
  signal(signal: NodeJS.Signals): void;
  stop(deadlineMs: number): Promise<void>;
}

const stopMs = 40_000;
/** Before what ended by itself is started again, as whoever runs programs does. */
const pauseMs = 1000;

/** A program that is taken away and brought back, with its data and at its address. */
export class Part {
  #running: Running | undefined;
  #isWanted = false;

  /** @param onEnd told how it ended when nobody had asked it to */
  constructor(
    readonly name: string,
    private readonly launch: () => Running,
    private readonly onEnd: (how: string) => void,
  ) {}

  start(): void {
    this.#isWanted = true;
    const running = this.launch();
    this.#running = running;
    void running.ended.then((how) => this.#ended(running, how));
  }

  /** At once, with all of its own children. */
  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#running?.signal("SIGKILL");
    await this.#running?.ended;
  }

  /** As operators do. */
  async stop(): Promise<void> {
    this.#isWanted = false;
    await this.#running?.stop(stopMs);
  }

  /** It keeps its connections and does nothing. */
  freeze(): void {
    this.#running?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#running?.signal("SIGCONT");
  }

  async #ended(running: Running, how: string): Promise<void> {
    if (running !== this.#running || !this.#isWanted) return;
    this.onEnd(how);
    await sleep(pauseMs);
    if (this.#isWanted && running === this.#running) this.start();
  }
}
