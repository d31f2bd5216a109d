import { SingleBar } from "cli-progress";

export interface EvalProgress {
  advance(): void;
  stop(): void;
}

/** Shows how many of `total` are done. */
export type StartProgress = (what: string, total: number) => EvalProgress;

/** A progress bar on stderr; nothing where nobody would see one. */
export const startEvalProgress: StartProgress = (what, total) => {
  if (!process.stderr.isTTY) return { advance: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `${what} {bar} {value}/{total}, {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(total, 0);
  return { advance: () => bar.increment(), stop: () => bar.stop() };
};
