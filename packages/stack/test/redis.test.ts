import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type Dirent, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../src/machine/free-port.mjs";
import { pingRedis } from "../src/machine/redis-ping.mjs";
import { findRedis, type RedisSearch } from "../src/redis.js";
import { installedServers } from "./installed-servers.js";

// biome-ignore lint/style/noProcessEnv: where the tests' own Redis is
const { REDIS_URL } = process.env;
const servers = await installedServers();

let dataDir: string;
/** A PATH with the program under test only. */
let env: { PATH: string };
const search = (extra: Partial<RedisSearch> = {}): RedisSearch => ({
  dataDir,
  persistent: true,
  env,
  say: () => undefined,
  ...extra,
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "find-redis-"));
  env = { PATH: await mkdtemp(join(tmpdir(), "find-redis-path-")) };
});
afterEach(async () => {
  for (const folder of [dataDir, env.PATH]) await rm(folder, { recursive: true, force: true });
});

describe.each(servers)("a $name on the PATH", ({ name, program }) => {
  beforeEach(() => symlink(program, join(env.PATH, name)));

  it("is started, and stopped without a trace", async () => {
    const redis = await findRedis(search());
    await pingRedis(redis.url);
    await redis.stop();
    await expect(pingRedis(redis.url)).rejects.toThrow();
    await redis.ended;
  });

  it("is shared by everybody who asks for the same data folder", async () => {
    const asked = await Promise.all(Array.from({ length: 4 }, () => findRedis(search())));
    expect(new Set(asked.map(({ url }) => url)).size).toBe(1);
    const owners = asked.filter(({ origin }) => origin.startsWith("started"));
    expect(owners).toHaveLength(1);
    for (const other of asked) if (other !== owners[0]) await other.stop();
    await pingRedis(asked[0]!.url);
    await owners[0]!.stop();
    await expect(pingRedis(asked[0]!.url)).rejects.toThrow();
  });

  it("keeps its data over a restart, and refuses to evict any", async () => {
    const first = await findRedis(search());
    expect(await command(first.url, "CONFIG GET maxmemory-policy")).toContain("noeviction");
    await command(first.url, "SET kept yes");
    await first.stop();
    const second = await findRedis(search());
    expect(await command(second.url, "GET kept")).toContain("yes");
    await second.stop();
  });

  it("stops when the process that started it is killed, and the next one takes over its data", async () => {
    const { owner, url } = await startInAnotherProcess();
    await command(url, "SET kept yes");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    const next = await findRedis(search());
    expect(next.origin).toContain("started");
    await expect(pingRedis(url)).rejects.toThrow();
    expect(await command(next.url, "GET kept")).toContain("yes");
    await next.stop();
  });

  it("stops even when it cannot save", async () => {
    const { owner, url } = await startInAnotherProcess();
    await command(url, "SET lost yes");
    await rm(dataDir, { recursive: true });
    owner.kill("SIGKILL");
    await expect
      .poll(() =>
        pingRedis(url).then(
          () => "runs",
          () => "stopped",
        ),
      )
      .toBe("stopped");
  });

  it("lets nobody in without the password, which no other user sees", async () => {
    const redis = await findRedis(search());
    const { port, password } = new URL(redis.url);
    await expect(pingRedis(`redis://127.0.0.1:${port}`)).rejects.toThrow("NOAUTH");
    const seen = await argumentsOfPrograms();
    expect(seen).toContain(`--port ${port}`);
    expect(seen).not.toContain(password);
    await command(redis.url, "SET kept yes");
    const open = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter(isOpenToOthers);
    expect(open.map(({ name }) => name)).toEqual([]);
    await redis.stop();
  });

  it("keeps to its user also what an older version has left open", async () => {
    await mkdir(join(dataDir, "redis"), { mode: 0o755 });
    const redis = await findRedis(search());
    expect((await stat(join(dataDir, "redis"))).mode & 0o077).toBe(0);
    await redis.stop();
  });

  it("is not started a second time where the first one cannot be reached, as in another container", async () => {
    const first = await findRedis(search());
    await writeFile(join(dataDir, "redis", "server.url"), `redis://:secret@127.0.0.1:${await freePort()}`);
    const said: string[] = [];
    const second = findRedis(search({ say: (line) => said.push(line) }));
    await expect(second).rejects.toThrow(
      /^Expected the Redis that has its data in .*redis:\/\/127.*another container's/,
    );
    expect(said).toEqual([expect.stringContaining("Waiting for another process")]);
    await pingRedis(first.url);
    await first.stop();
  });

  it("starts where one was killed whose process id lives again", async () => {
    await mkdir(join(dataDir, "redis"));
    for (const name of ["owner.pid", "owner.lock"]) await writeFile(join(dataDir, "redis", name), String(process.pid));
    const redis = await findRedis(search());
    expect(redis.origin).toContain("started");
    await redis.stop();
  });

  it("reports its own end", async () => {
    const redis = await findRedis(search());
    await command(redis.url, "SHUTDOWN NOSAVE").catch(() => "");
    expect(await redis.ended).toContain("bye");
    await redis.stop();
  });
});

describe("a configured REDIS_URL", () => {
  it("is used and left running", async () => {
    const redis = await findRedis(search({ url: REDIS_URL }));
    expect(redis.url).toBe(REDIS_URL);
    await redis.stop();
    await pingRedis(redis.url);
  });

  it("is refused in one sentence, without its password, when nothing answers", async () => {
    const port = await freePort();
    const finding = findRedis(search({ url: `redis://:hidden@127.0.0.1:${port}` }));
    await expect(finding).rejects.toThrow(`Expected a Redis at redis://127.0.0.1:${port} (REDIS_URL) but received`);
    await expect(finding).rejects.not.toThrow(/hidden/);
  });

  it("is refused when it does not name one Redis, without being shown", async () => {
    for (const url of ["redis+cluster://:hidden@a:1,b:2", "http://hidden", "redis://hidden:port"]) {
      const finding = findRedis(search({ url }));
      await expect(finding).rejects.toThrow(/^Expected REDIS_URL to name one Redis, as redis:\/\/host:6379 does/);
      await expect(finding).rejects.not.toThrow(/hidden/);
    }
  });

  it("is refused when something else answers there", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await expect(findRedis(search({ url: `redis://127.0.0.1:${port}` }))).rejects.toThrow(/was closed/);
    server.close();
  });
});

/** Where there is no Docker, a stand-in for it runs a real server with what it was told. */
it("runs in Docker, on a loopback port", async () => {
  const script = `#!/bin/sh
    [ "$1" = info ] || [ "$1" = image ] && exit 0
    while [ "$1" != redis-server ]; do
      case "$1" in 127.0.0.1:*:6379) port=\${1#127.0.0.1:}; port=\${port%:6379} ;; *:/data) folder=\${1%:/data} ;; esac
      shift
    done
    settings=$folder/\${2#/data/}
    shift 2
    exec ${servers[0]?.program} "$settings" --port "$port" --bind 127.0.0.1 --dir "$folder" "$@"`;
  await writeFile(join(env.PATH, "docker"), script, { mode: 0o755 });
  const redis = await findRedis(search());
  expect(redis.origin).toContain("docker");
  expect(await command(redis.url, "CONFIG GET appendonly")).toContain("yes");
  expect(await command(redis.url, "CONFIG GET save")).toContain("$0");
  await redis.stop();
  await expect(pingRedis(redis.url)).rejects.toThrow();
});

describe.skipIf(servers.length < 2)("the data of a Redis", () => {
  it.each([
    ["Redis", "Valkey", 0, 1],
    ["Valkey", "Redis", 1, 0],
  ] as const)("is read by the next program: of %s by %s", async (_from, _to, first, second) => {
    for (const [index, word] of [
      [first, "SET kept yes"],
      [second, "GET kept"],
    ] as const) {
      const { name, program } = servers[index]!;
      await symlink(program, join(env.PATH, name));
      const redis = await findRedis(search());
      expect(redis.origin).toContain(name);
      expect(await command(redis.url, word)).toMatch(index === first ? /OK/ : /yes/);
      await command(redis.url, "BGREWRITEAOF");
      await expect.poll(() => command(redis.url, "INFO persistence")).toContain("aof_rewrite_in_progress:0");
      await redis.stop();
      await rm(join(env.PATH, name));
    }
  });
});

async function startInAnotherProcess(): Promise<{ owner: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL("fixtures/hold-redis.mjs", import.meta.url));
  const owner = spawn(process.execPath, [script, dataDir, env.PATH], { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = (await once(owner.stdout!.setEncoding("utf8"), "data")) as [string];
  return { owner, url: url.trim() };
}

function isOpenToOthers({ parentPath, name }: Dirent): boolean {
  return (statSync(join(parentPath, name)).mode & 0o077) !== 0;
}

/** What any user sees of the programs that run: by ps, which small systems lack, or where it looks on Linux. */
async function argumentsOfPrograms(): Promise<string> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0)
    return (await promisify(execFile)("ps", ["-eww", "-o", "args"], { maxBuffer: 1 << 26 })).stdout;
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.join("\n").replaceAll("\0", " ");
}

/** Sends one command in Redis' plain-text form. */
async function command(url: string, line: string): Promise<string> {
  const { port, password } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1").setEncoding("utf8");
  const answer = async () =>
    (await Promise.race([once(socket, "data"), once(socket, "close").then(() => [""])])) as [string];
  socket.write(`AUTH ${password}\r\n`);
  expect(await answer()).toEqual(["+OK\r\n"]);
  socket.write(`${line}\r\n`);
  const [words] = await answer();
  socket.destroy();
  return words;
}
