import type { Batch } from "@facefleet/client";
import { SingleBar } from "cli-progress";

export interface BatchProgress {
  update(batch: Batch): void;
  stop(): void;
}

/** A progress bar on stderr whose total grows while the items are being counted; nothing where nobody sees it. */
export function startBatchProgress(): BatchProgress {
  if (!process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const format = "{bar} {value}/{total} images, {failed} failed, {eta_formatted} left{heldUp}";
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, clearOnComplete: true });
  bar.start(0, 0, { failed: 0, heldUp: "" });
  return {
    update({ counts: { total, succeeded, failed, canceled }, heldUpBy }) {
      const heldUp = heldUpBy ? `; held up: ${heldUpBy.detail ?? heldUpBy.title}` : "";
      bar.setTotal(total);
      bar.update(succeeded + failed + canceled, { failed, heldUp });
    },
    stop: () => bar.stop(),
  };
}
