import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PackError, TransientPackError } from "./pack-error.js";
import type { PackFile, PackSource } from "./pack-manifest.js";

/** Where the files of a pack come from: its upstream hosts, or a mirror in their stead. */
export interface Upstream {
  /** The URL or path of a file, for people to read. */
  locate(source: PackSource, file: PackFile): string;
  /** @throws TransientPackError when trying again may help, otherwise PackError. */
  read(source: PackSource, file: PackFile, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * @param mirror a folder or an http(s) base URL; the upstream hosts when left out.
 * @param stallMs how long a host may send nothing, in milliseconds.
 */
export async function openUpstream(mirror: string | undefined, stallMs: number): Promise<Upstream> {
  if (mirror === undefined) return urlUpstream((source, file) => new URL(file.path, source.url), stallMs);
  if (!/^https?:\/\//i.test(mirror)) return folderUpstream(resolve(mirror));
  if (!URL.canParse(mirror))
    throw new PackError(`Expected a folder or an http(s) URL as the model mirror but received ${mirror}`);
  return urlUpstream((source, file) => mirrorUrl(mirror, source, file), stallMs);
}

function mirrorUrl(mirror: string, source: PackSource, file: PackFile): URL {
  return new URL(source.mirrorPath + file.path, mirror.endsWith("/") ? mirror : `${mirror}/`);
}

function urlUpstream(address: (source: PackSource, file: PackFile) => URL, stallMs: number): Upstream {
  return {
    locate: (source, file) => address(source, file).href,
    read: (source, file, signal) => readUrl(address(source, file), signal, stallMs),
  };
}

async function* readUrl(url: URL, signal: AbortSignal, stallMs: number): AsyncGenerator<Uint8Array> {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, stalled.signal]) });
    if (!response.ok) await refuse(response, url);
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      yield chunk;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw cause instanceof PackError ? cause : networkError(url, cause);
  } finally {
    clearTimeout(timer);
  }
}

async function refuse(response: Response, url: URL): Promise<never> {
  await response.body?.cancel();
  const transient = response.status >= 500 || response.status === 429 || response.status === 408;
  const message = `Expected the model file ${url.href} but received HTTP status ${response.status}`;
  throw transient ? new TransientPackError(message) : new PackError(message);
}

function networkError(url: URL, cause: unknown): TransientPackError {
  return new TransientPackError(
    `Expected model files from ${url.host} but the network failed (${rootMessage(cause)}); check the connection, ` +
      "or set FACEFLEET_MODEL_MIRROR to a folder or base URL that has them",
    { cause },
  );
}

/** fetch says only "fetch failed"; what failed is in its causes. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return rootMessage(error.cause);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

async function folderUpstream(folder: string): Promise<Upstream> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new PackError(`Expected a folder or an http(s) URL as the model mirror but received ${folder}`);
  const locate = (source: PackSource, file: PackFile) => join(folder, source.mirrorPath, file.path);
  return { locate, read: (source, file, signal) => readLocal(locate(source, file), signal) };
}

async function* readLocal(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw new PackError(`Expected the model file ${path} but it cannot be read (${rootMessage(cause)})`, { cause });
  }
}
