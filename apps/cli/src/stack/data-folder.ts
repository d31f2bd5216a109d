import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { lockFile, openLock } from "@facefleet/stack";

export interface DataFolderClaim {
  release(): Promise<void>;
}

/**
 * Claims a data folder for one fleet of `facefleet up`: two would share a Redis that stops with the first, and the
 * file of what is to be scraped. The claim ends with this process, however that ends.
 * @param address where the API of the fleet will be
 * @throws Error that names the fleet which has the folder
 */
export async function claimDataFolder(dataDir: string, address: string): Promise<DataFolderClaim> {
  const path = join(dataDir, "up.lock");
  const file = await openLock(path);
  try {
    if (!(await lockFile(file))) throw new Error(await takenBy(dataDir, path));
    await file.truncate();
    await file.write(address);
    return { release: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function takenBy(dataDir: string, path: string): Promise<string> {
  const address = await readFile(path, "utf8");
  const ways = "stop it, have it start more workers with --workers, or give this one another DATA_DIR";
  return `Expected the data folder ${dataDir} to be free but the fleet of ${address || "another process"} uses it; ${ways}`;
}
