import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256OfFile } from "./file-digest.js";
import { PackError, TransientPackError } from "./pack-error.js";
import type { PackFile, PackSource } from "./pack-manifest.js";
import type { Upstream } from "./upstream.js";

const attempts = 4;

/**
 * Finished downloads, named by their sha256. A file takes its name only once its bytes were checked, so
 * whatever interrupted a pull, the next one goes on with the files that are missing.
 */
export class DownloadCache {
  readonly #folder: string;

  constructor(
    modelsDir: string,
    private readonly upstream: Upstream,
    private readonly options: { readonly signal: AbortSignal; readonly retryDelayMs: number },
  ) {
    this.#folder = downloadsFolder(modelsDir);
  }

  /**
   * Makes sure that a file is here, trying again after transient failures.
   *
   * @param onBytes is told of bytes as they come, and of a negative number when an attempt was in vain.
   */
  async ensure(source: PackSource, file: PackFile, onBytes: (bytes: number) => void): Promise<void> {
    if ((await sha256OfFile(this.#path(file)).catch(() => undefined)) === file.sha256) return onBytes(file.bytes);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#download(source, file, onBytes);
      } catch (error) {
        if (!(error instanceof TransientPackError) || attempt === attempts) throw error;
        await sleep(this.options.retryDelayMs * 2 ** (attempt - 1), undefined, { signal: this.options.signal });
      }
    }
  }

  read(file: PackFile): Promise<Buffer> {
    return readFile(this.#path(file));
  }

  #path(file: PackFile): string {
    return join(this.#folder, file.sha256);
  }

  async #download(source: PackSource, file: PackFile, onBytes: (bytes: number) => void): Promise<void> {
    const part = `${this.#path(file)}.${randomUUID()}.part`;
    let received = 0;
    const count = (bytes: number) => {
      received += bytes;
      onBytes(bytes);
    };
    try {
      await mkdir(this.#folder, { recursive: true });
      const chunks = this.upstream.read(source, file, this.options.signal);
      await writeChecked(part, chunks, file, { from: this.upstream.locate(source, file), count });
      await rename(part, this.#path(file));
    } catch (error) {
      onBytes(-received);
      await rm(part, { force: true });
      throw error;
    }
  }
}

/** Removes the downloads of these files, and what interrupted attempts have left of them. */
export async function clearDownloads(modelsDir: string, files: readonly PackFile[]): Promise<void> {
  const folder = downloadsFolder(modelsDir);
  const sums = new Set(files.map(({ sha256 }) => sha256));
  const entries = await readdir(folder).catch(() => []);
  const ours = entries.filter((entry) => sums.has(entry.slice(0, 64)));
  await Promise.all(ours.map((entry) => rm(join(folder, entry), { force: true })));
  // The folder stays while another pack is being pulled.
  await rmdir(folder).catch(() => undefined);
}

function downloadsFolder(modelsDir: string): string {
  return join(modelsDir, "downloads");
}

interface Transfer {
  /** Where the bytes come from, for messages. */
  readonly from: string;
  readonly count: (bytes: number) => void;
}

async function writeChecked(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  file: PackFile,
  transfer: Transfer,
): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await writeChunks(handle, chunks, file, transfer);
  } finally {
    await handle.close();
  }
}

async function writeChunks(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  file: PackFile,
  { from, count }: Transfer,
): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > file.bytes) throw new PackError(`Expected ${file.bytes} bytes from ${from} but received more`);
    hash.update(chunk);
    await handle.writeFile(chunk);
    count(chunk.byteLength);
  }
  if (bytes < file.bytes) {
    throw new TransientPackError(`Expected ${file.bytes} bytes from ${from} but received only ${bytes}`);
  }
  const received = hash.digest("hex");
  if (received !== file.sha256)
    throw new PackError(`Expected sha256 ${file.sha256} for ${file.path} but received ${received} from ${from}`);
}
