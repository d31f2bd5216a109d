import type { Logger } from "./logger.js";

type Level = "debug" | "info" | "warn" | "error";

interface Line {
  readonly level: Level;
  readonly fields: object;
  readonly message: string;
}

const usualMs = 60_000;

/**
 * Writes lines that an outage would repeat with every request or every try: the first of each kind at once, then at most
 * one in a while, the latest, with how often it came (`times`).
 */
export class OccasionalLines {
  /** What came since a line of its kind was written. */
  readonly #held = new Map<string, { line: Line | undefined; times: number }>();

  constructor(
    private readonly logger: Logger,
    private readonly everyMs = usualMs,
  ) {}

  /** @param kind What makes it the same line as another, with its message. */
  write(level: Level, fields: object, message: string, kind = ""): void {
    if (!this.logger.isLevelEnabled(level)) return;
    const line = { level, fields, message };
    const key = `${level} ${message} ${kind}`;
    const held = this.#held.get(key);
    if (held) {
      held.line = line;
      held.times += 1;
      return;
    }
    this.logger[level](fields, message);
    this.#hold(key);
  }

  #hold(key: string): void {
    this.#held.set(key, { line: undefined, times: 0 });
    setTimeout(() => this.#letGo(key), this.everyMs).unref();
  }

  #letGo(key: string): void {
    const { line, times } = this.#held.get(key)!;
    this.#held.delete(key);
    if (!line) return;
    this.logger[line.level]({ ...line.fields, times }, line.message);
    this.#hold(key);
  }
}
