import { existsSync } from "node:fs";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import type { ApiKeysFile } from "@facefleet/contracts";
import { parseApiKeysFile, readApiKeysFile } from "@facefleet/platform";

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
    await handle.close();
    await rename(draft, path);
  } catch (error) {
    await handle.close();
    await rm(draft, { force: true });
    throw error;
  }
}

async function contentOf(path: string): Promise<ApiKeysFile> {
  return existsSync(path) ? readApiKeysFile(path) : { tenants: {} };
}

/** The draft is also the lock: two changes at once would lose one of them. */
async function openDraft(draft: string) {
  try {
    return await open(draft, "wx", newFileMode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new Error(
      `Expected nobody else to change the keys but there is ${draft}; remove it if no other command is running`,
      { cause: error },
    );
  }
}
