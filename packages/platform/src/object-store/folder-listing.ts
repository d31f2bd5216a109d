import { readdir } from "node:fs/promises";
import path from "node:path";

export interface FolderQuery {
  readonly prefix: string;
  readonly startAfter: string;
  readonly limit: number;
}

interface Entry {
  /** From the bucket's folder on; that of a folder ends with a slash. */
  readonly key: string;
  readonly isFolder: boolean;
}

/** The keys of files below a folder, in the order of their UTF-8 bytes, as S3 lists them. */
export async function listFolder(root: string, query: FolderQuery): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of walk(root, "", query)) {
    keys.push(key);
    if (keys.length === query.limit) break;
  }
  return keys;
}

async function* walk(root: string, folder: string, query: FolderQuery): AsyncGenerator<string, void> {
  for (const { key, isFolder } of await entriesOf(root, folder, query)) {
    if (isFolder) yield* walk(root, key, query);
    else yield key;
  }
}

/** Those that are asked for, or may hold what is: of a large folder, few of all are left to sort in the end. */
async function entriesOf(root: string, folder: string, query: FolderQuery): Promise<Entry[]> {
  const found = await readdir(path.join(root, folder), { withFileTypes: true });
  const entries = found.flatMap((entry): Entry[] => {
    if (entry.isDirectory()) return [{ key: `${folder}${entry.name}/`, isFolder: true }];
    return entry.isFile() ? [{ key: `${folder}${entry.name}`, isFolder: false }] : [];
  });
  const wanted = entries.filter(({ key, isFolder }) => (isFolder ? mayHold(key, query) : isWanted(key, query)));
  return wanted.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

function isWanted(key: string, { prefix, startAfter }: FolderQuery): boolean {
  return key.startsWith(prefix) && isBefore(startAfter, key);
}

/** Whether a folder may hold a key that is asked for. */
function mayHold(folder: string, { prefix, startAfter }: FolderQuery): boolean {
  const isWithin = folder.startsWith(prefix) || prefix.startsWith(folder);
  return isWithin && (startAfter.startsWith(folder) || isBefore(startAfter, folder));
}

function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
