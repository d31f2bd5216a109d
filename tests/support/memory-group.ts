import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where the kernel keeps a group of processes, and what its files are called, in both versions of control groups. */
const versions = [
  {
    root: "/sys/fs/cgroup/memory",
    own: () => /^\d+:memory:(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1],
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
    killed: { file: "memory.oom_control", count: /^oom_kill (\d+)$/m },
  },
  {
    root: "/sys/fs/cgroup",
    own: () => /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1],
    limit: "memory.max",
    peak: "memory.peak",
    killed: { file: "memory.events", count: /^oom_kill (\d+)$/m },
  },
] as const;

/** A group of processes whose memory the kernel limits, as it does that of a container. */
export class MemoryGroup {
  private constructor(
    private readonly folder: string,
    private readonly version: (typeof versions)[number],
  ) {}

  /** Undefined where this user may not make one. */
  static async create(bytes: number): Promise<MemoryGroup | undefined> {
    const version = versions.find(
      ({ root, own, limit }) =>
        existsSync(join(root, own() ?? "", limit)) || existsSync(join(root, own() ?? "", "cgroup.procs")),
    );
    if (!version) return undefined;
    const folder = join(version.root, version.own() ?? "", `facefleet-${randomUUID()}`);
    const group = new MemoryGroup(folder, version);
    try {
      await mkdir(folder);
      await writeFile(join(folder, version.limit), String(bytes));
      return group;
    } catch {
      await group.remove();
      return undefined;
    }
  }

  /** What a shell does to be in the group with all that it starts. */
  get enter(): string {
    return `echo $$ > '${join(this.folder, "cgroup.procs")}'`;
  }

  /** The most that it has held at once, in bytes. */
  async peak(): Promise<number> {
    return Number(await readFile(join(this.folder, this.version.peak), "utf8"));
  }

  /** How many of its processes the kernel has killed for want of memory. */
  async killed(): Promise<number> {
    const { file, count } = this.version.killed;
    return Number(count.exec(await readFile(join(this.folder, file), "utf8"))?.[1]);
  }

  /** Once its processes have ended, which they are about to do. */
  async remove(): Promise<void> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const left = await rmdir(this.folder).catch((error: NodeJS.ErrnoException) => error);
      if (left?.code !== "EBUSY" || Date.now() > deadline) return;
      await sleep(50);
    }
  }
}
