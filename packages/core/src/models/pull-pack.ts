import { mkdir } from "node:fs/promises";
import { clearDownloads, DownloadCache } from "./download-cache.js";
import { installConverted, sweepAbandoned } from "./install-pack.js";
import { PackError } from "./pack-error.js";
import { type PackFile, type PackManifest, type PackSource, packFiles, totalBytes } from "./pack-manifest.js";
import { openUpstream } from "./upstream.js";
import { weightsPath, weightsState } from "./weights-path.js";

export interface PullProgress {
  readonly phase: "download" | "convert";
  /** Downloaded so far, the files of an interrupted pull included. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface PullOptions {
  readonly modelsDir: string;
  /** A folder or base URL that has the files in place of the upstream hosts. */
  readonly mirror?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  /** How long a host may send nothing, in milliseconds. */
  readonly stallMs?: number;
  /** Before the first retry, doubled for each one after it, in milliseconds. */
  readonly retryDelayMs?: number;
}

export interface PullOutcome {
  /** Of its weights. */
  readonly path: string;
  /** False when the pack was there already. */
  readonly pulled: boolean;
}

const parallelDownloads = 8;

/**
 * Brings a pack into `modelsDir` unless it is there: downloads, checks, converts, and puts it in place whole.
 *
 * @throws PackError with one sentence for the person at the terminal; the signal's reason when it aborts.
 */
export async function pullManifest(manifest: PackManifest, options: PullOptions): Promise<PullOutcome> {
  const { modelsDir } = options;
  const path = weightsPath(modelsDir, manifest);
  if (manifest.origin.kind === "built-in") return { path, pulled: false };
  const pulled = await pullUnlessReady(manifest, options);
  await tidy(modelsDir, manifest);
  return { path, pulled };
}

async function pullUnlessReady(manifest: PackManifest, options: PullOptions): Promise<boolean> {
  const { modelsDir } = options;
  const ready = async () => (await weightsState(weightsPath(modelsDir, manifest), manifest)) === "ready";
  if (await ready()) return false;
  try {
    await downloadAndInstall(manifest, options);
    return true;
  } catch (error) {
    // Another process may have completed the same pull, and cleared the files that this one was using.
    if (await ready()) return false;
    options.signal?.throwIfAborted();
    throw explainDiskError(error, modelsDir, 2 * totalBytes(packFiles(manifest)));
  }
}

async function downloadAndInstall(manifest: PackManifest, options: PullOptions): Promise<void> {
  const { modelsDir, mirror, stallMs = 30_000, retryDelayMs = 500 } = options;
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const cache = new DownloadCache(modelsDir, await openUpstream(mirror, stallMs), { signal, retryDelayMs });
  const report = progressReporter(manifest, options.onProgress);

  await mkdir(modelsDir, { recursive: true });
  await forEachParallel(sourceFiles(manifest), parallelDownloads, failed, ({ source, file }) => {
    signal.throwIfAborted();
    return cache.ensure(source, file, (bytes) => report("download", bytes));
  });
  signal.throwIfAborted();
  report("convert", 0);
  await installConverted(modelsDir, manifest, (source, path) => cache.read(fileNamed(source, path)));
}

/** Removes what this pull or an interrupted one no longer needs. A folder that may only be read stays as it is. */
async function tidy(modelsDir: string, manifest: PackManifest): Promise<void> {
  await clearDownloads(modelsDir, packFiles(manifest)).catch(() => undefined);
  await sweepAbandoned(modelsDir, manifest).catch(() => undefined);
}

function sourceFiles(manifest: PackManifest): { source: PackSource; file: PackFile }[] {
  return manifest.sources.flatMap((source) => source.files.map((file) => ({ source, file })));
}

function fileNamed(source: PackSource, path: string): PackFile {
  const file = source.files.find((candidate) => candidate.path === path);
  if (file === undefined)
    throw new PackError(`Expected ${path} among the pinned files of ${source.name} but it is not`);
  return file;
}

function progressReporter(manifest: PackManifest, onProgress: PullOptions["onProgress"]) {
  const total = totalBytes(packFiles(manifest));
  let bytes = 0;
  return (phase: PullProgress["phase"], more: number) => {
    bytes += more;
    onProgress?.({ phase, bytes, totalBytes: total });
  };
}

/** Runs `work` on up to `limit` items at once. The first failure aborts the others, which are waited for. */
async function forEachParallel<T>(
  items: readonly T[],
  limit: number,
  failed: AbortController,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const runner = async () => {
    for (const item of queue) await work(item);
  };
  const runners = Array.from({ length: limit }, () => runner());
  for (const running of runners) running.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(runners);
  failed.signal.throwIfAborted();
}

/** Names the folder and what it takes, where the system says only which call failed. */
export function explainDiskError(error: unknown, dir: string, neededBytes: number): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof PackError || syscall === undefined) return error;
  const full = code === "ENOSPC" || code === "EDQUOT";
  const needed = `${Math.ceil(neededBytes / 1e6)} MB of free space in ${dir} for the model pack`;
  const message = full
    ? `Expected ${needed} but the disk is full`
    : `Expected to write the model pack to ${dir} but that failed (${code} on ${syscall})`;
  return new PackError(message, { cause: error });
}
