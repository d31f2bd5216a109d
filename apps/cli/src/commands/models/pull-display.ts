import type { PullProgress } from "@facefleet/core/models";
import { Presets, SingleBar } from "cli-progress";

/** Shows how a pull gets on. */
export interface PullDisplay {
  update(progress: PullProgress): void;
  /** Leaves the terminal as it was found, also after a failure. */
  end(): void;
}

/** A bar on a terminal, elsewhere a line at each tenth. Nothing is shown before the first update. */
export function createPullDisplay(name: string, output: NodeJS.WriteStream): PullDisplay {
  return output.isTTY ? barDisplay(name, output) : lineDisplay(name, output);
}

function barDisplay(name: string, stream: NodeJS.WriteStream): PullDisplay {
  const format = `${name} {bar} {percentage}% | {megabytes} of {totalMegabytes} MB | {phase}`;
  const bar = new SingleBar({ format, stream, clearOnComplete: false, hideCursor: true }, Presets.shades_classic);
  let started = false;
  return {
    update: ({ phase, bytes, totalBytes }) => {
      const payload = { phase, megabytes: megabytes(bytes), totalMegabytes: megabytes(totalBytes) };
      if (!started) bar.start(totalBytes, bytes, payload);
      started = true;
      bar.update(bytes, payload);
    },
    end: () => {
      if (started) bar.stop();
    },
  };
}

function lineDisplay(name: string, output: NodeJS.WriteStream): PullDisplay {
  let shown = -1;
  return {
    update: ({ phase, bytes, totalBytes }) => {
      const step = phase === "convert" ? 11 : Math.floor((10 * bytes) / totalBytes);
      // A download that is tried again takes bytes back; the lines only go forward.
      if (step <= shown) return;
      shown = step;
      output.write(`${name}: ${phase === "convert" ? "converting" : `${step * 10}% of ${megabytes(totalBytes)} MB`}\n`);
    },
    end: () => undefined,
  };
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
