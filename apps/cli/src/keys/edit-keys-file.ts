import { existsSync } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import type { ApiKeysFile } from "@facefleet/contracts";
import { parseApiKeysFile, readApiKeysFile } from "@facefleet/platform/api-keys";
import { lockFile } from "@facefleet/stack";

/** Only its owner reads a file that is made here. */
const newFileMode = 0o600;

/**
 * Changes a file of API keys in one step, so that whoever reads it sees it before or after; makes one that is not
 * there yet. A file behind a link is changed where it is, and keeps its mode.
 * @throws ConfigError when it has faults, or would have after the change: then it stays as it is
 */
export async function editKeysFile(file: string, change: (keys: ApiKeysFile) => ApiKeysFile): Promise<void> {
  const path = existsSync(file) ? await realpath(file) : file;
  const draft = `${path}.new`;
  const handle = await openDraft(draft);
  try {
    const text = `${JSON.stringify(change(await contentOf(path)), undefined, 2)}\n`;
    parseApiKeysFile(text, file);
    if (existsSync(path)) await handle.chmod((await stat(path)).mode);
    await handle.writeFile(text);
    await handle.sync();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

async function contentOf(path: string): Promise<ApiKeysFile> {
  return existsSync(path) ? readApiKeysFile(path) : { tenants: {} };
}

/** The draft is also the lock: two changes at once would lose one of them. One that a killed command left is no lock. */
async function openDraft(draft: string): Promise<FileHandle> {
  const handle = await open(draft, "a", newFileMode);
  try {
    if (!(await lockFile(handle)) || !(await isAt(draft, handle))) {
      throw new Error(`Expected nobody else to change the keys but another command holds ${draft}; try again`);
    }
    await handle.truncate();
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The other command may have put its draft in place after we opened it. */
async function isAt(path: string, handle: FileHandle): Promise<boolean> {
  const [there, ours] = await Promise.all([stat(path).catch(() => undefined), handle.stat()]);
  return there?.ino === ours.ino;
}
