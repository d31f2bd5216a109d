import { chmod, type FileHandle, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockFile, openLock, waitForLock } from "./machine/file-lock.mjs";
import { pingRedis, shownUrl } from "./machine/redis-ping.mjs";

/**
 * Who runs the Redis of a data folder. Two servers writing one append-only file would destroy it, so the folder is
 * claimed before a server is started; a second process uses the first one's server instead. The owner holds one lock.
 * Its server holds another, which it keeps when its owner is killed, until it has written everything.
 */
export type RedisClaim = { readonly running: string } | OwnClaim;

interface OwnClaim {
  readonly running?: undefined;
  /** The descriptor of the lock that the server is to hold. */
  readonly serverLock: number;
  publish(url: string): Promise<void>;
  release(): Promise<void>;
}

const leftoverPatienceMs = 15_000;
const deafPatienceMs = 5000;
const pauseMs = 100;

/** @param say is told of what is waited for */
export async function claimRedisFolder(folder: string, say: (line: string) => void): Promise<RedisClaim> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // One that an older version has made is open to everybody.
  await chmod(folder, 0o700);
  const address = join(folder, "server.url");
  const owner = await openLock(join(folder, "owner.lock"));
  try {
    const running = await serverUnlessOwned(owner, { folder, address, say });
    if (running === undefined) return await ownClaim(owner, { folder, address, say });
    await owner.close();
    return { running };
  } catch (error) {
    await owner.close();
    throw error;
  }
}

interface Place {
  readonly folder: string;
  /** The file with the URL of the server. */
  readonly address: string;
  readonly say: (line: string) => void;
}

/** Waits until the owner's server answers, which may be starting; undefined once the folder is owned by `owner`. */
async function serverUnlessOwned(owner: FileHandle, { folder, address, say }: Place): Promise<string | undefined> {
  let deafSince = Date.now();
  for (let told = false; !(await lockFile(owner)); await sleep(pauseMs)) {
    const url = await publishedUrl(address);
    if (url && (await answers(url))) return url;
    if (url === "") deafSince = Date.now();
    else if (Date.now() - deafSince > deafPatienceMs) throw unreachable(folder, url);
    if (!told) say("Waiting for another process to start its Redis on this data folder");
    told = true;
  }
  return undefined;
}

async function ownClaim(owner: FileHandle, { folder, address, say }: Place): Promise<OwnClaim> {
  const left = await publishedUrl(address);
  // Nobody is to meet a server that is about to stop.
  await rm(address, { force: true });
  const server = await waitForLock(join(folder, "server.lock"), () =>
    say("Waiting for the Redis of a process that was killed to write its data and stop"),
  );
  try {
    await leftoverGone(left);
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    serverLock: server.fd,
    publish: (url) => writeFile(address, url, { mode: 0o600 }),
    async release() {
      await rm(address, { force: true });
      await Promise.all([server.close(), owner.close()]);
    },
  };
}

/** A server that holds no lock: in a container whose client was killed, or of an older version. */
async function leftoverGone(url: string): Promise<void> {
  const giveUp = Date.now() + leftoverPatienceMs;
  while (url && (await answers(url))) {
    if (Date.now() > giveUp)
      throw new Error(`Expected the Redis left over at ${shownUrl(url)} to stop but it still runs; stop it by hand`);
    await sleep(pauseMs);
  }
}

function unreachable(folder: string, url: string): Error {
  const found = `Expected the Redis that has its data in ${folder} to answer at ${shownUrl(url)} but it does not`;
  return new Error(`${found}; it may be another container's: stop that one, or choose another DATA_DIR or REDIS_URL`);
}

async function publishedUrl(address: string): Promise<string> {
  return readFile(address, "utf8").catch(() => "");
}

async function answers(url: string): Promise<boolean> {
  return pingRedis(url, 1000).then(
    () => true,
    () => false,
  );
}
