import { type DestinationStream, pino } from "pino";

/** What a pipe takes in one piece, so that the lines of processes that share it do not mix, in bytes. */
const pieceLength = 4096;

/** Standard output, written at once: whatever ends the process, its last words are out. */
export function standardOutput(): DestinationStream {
  return pino.destination({ fd: 1, sync: true });
}

/**
 * Writes the lines of one turn of the event loop with one call at its end: for a process that writes a line for each
 * of many requests. A process that is killed on the spot loses its last turn's lines; whoever ends it otherwise has
 * to `flush`.
 */
export class TurnDestination implements DestinationStream {
  #lines = "";

  constructor(private readonly output = standardOutput()) {}

  write(line: string): void {
    if (this.#lines.length + line.length > pieceLength) this.flush();
    if (this.#lines === "") setImmediate(() => this.flush());
    this.#lines += line;
  }

  flush(): void {
    const lines = this.#lines;
    this.#lines = "";
    if (lines !== "") this.output.write(lines);
  }
}
