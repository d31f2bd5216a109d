import { SingleBar } from "cli-progress";

export interface SubmitProgress {
  advance(failed: boolean): void;
  stop(): void;
}

/** A progress bar on stderr; nothing where nobody would see one. */
export function startSubmitProgress(total: number, visible: boolean): SubmitProgress {
  if (!visible || !process.stderr.isTTY) return { advance: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: "{bar} {value}/{total} images, {failed} failed, {eta_formatted} left",
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
  });
  let failures = 0;
  bar.start(total, 0, { failed: 0 });
  return {
    advance(failed) {
      if (failed) failures++;
      bar.increment(1, { failed: failures });
    },
    stop: () => bar.stop(),
  };
}
