import { SingleBar } from "cli-progress";

export interface LoadProgress {
  readonly sent: () => void;
  readonly ended: () => void;
  readonly stop: () => void;
}

/** A progress bar on stderr; nothing where nobody would see one. */
export function startLoadProgress(expected: number): LoadProgress {
  const nothing = () => undefined;
  if (!process.stderr.isTTY) return { sent: nothing, ended: nothing, stop: nothing };
  const format = "{bar} {value} jobs sent, {waiting} not ended yet";
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true });
  let waiting = 0;
  bar.start(expected, 0, { waiting });
  return {
    sent: () => bar.increment(1, { waiting: ++waiting }),
    ended: () => bar.increment(0, { waiting: --waiting }),
    stop: () => bar.stop(),
  };
}
