import { rmSync } from "node:fs";
import { link, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pingRedis } from "./redis-ping.js";

/**
 * Who runs the Redis of a data folder. Two servers writing one append-only file would destroy it, so the
 * folder is claimed before a server is started; a second process uses the first one's server instead.
 */
export interface RedisClaim {
  /** The URL of the server that a living owner runs; undefined when the claim is ours. */
  readonly running?: string;
  publish(url: string): Promise<void>;
  release(): void;
}

const patienceMs = 15_000;

export async function claimRedisFolder(folder: string): Promise<RedisClaim> {
  await mkdir(folder, { recursive: true });
  const owner = join(folder, "owner.pid");
  const address = join(folder, "server.url");
  while (!(await takeOwnership(owner))) {
    const running = await serverOfOwner(owner, address);
    if (running) return { running, publish: async () => undefined, release: () => undefined };
    await rename(owner, `${owner}.stale`).catch(() => undefined);
  }
  await leftoverGone(address);
  return {
    publish: (url) => writeFile(address, url),
    release() {
      for (const file of [address, owner]) rmSync(file, { force: true });
    },
  };
}

/** Creates the owner's file with its content in one step, so that nobody ever reads half of it. */
async function takeOwnership(owner: string): Promise<boolean> {
  const draft = `${owner}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(draft, String(process.pid));
  try {
    await link(draft, owner);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft);
  }
}

/** Waits for the owner's server to answer: it may be starting. Undefined when the owner is gone or never gets there. */
async function serverOfOwner(owner: string, address: string): Promise<string | undefined> {
  const giveUp = Date.now() + patienceMs;
  while (Date.now() < giveUp && (await isAlive(owner))) {
    const url = await publishedUrl(address);
    if (url && (await answers(url))) return url;
    await sleep(100);
  }
  return undefined;
}

/** A server whose owner was killed stops by itself, but may still be writing. */
async function leftoverGone(address: string): Promise<void> {
  const url = await publishedUrl(address);
  const giveUp = Date.now() + patienceMs;
  while (url && (await answers(url))) {
    if (Date.now() > giveUp)
      throw new Error(`Expected the Redis left over at ${url} to stop but it still runs; stop it by hand`);
    await sleep(100);
  }
}

async function publishedUrl(address: string): Promise<string> {
  return readFile(address, "utf8").catch(() => "");
}

async function isAlive(owner: string): Promise<boolean> {
  const pid = Number(await readFile(owner, "utf8").catch(() => ""));
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function answers(url: string): Promise<boolean> {
  return pingRedis(url, 1000).then(
    () => true,
    () => false,
  );
}
