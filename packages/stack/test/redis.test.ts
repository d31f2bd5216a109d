import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { type Dirent, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOnPath } from "../src/find-on-path.js";
import { freePort } from "../src/free-port.js";
import { findRedis, type RedisSearch } from "../src/redis.js";
import { pingRedis } from "../src/redis-ping.js";

// biome-ignore lint/style/noProcessEnv: the programs under test are found on the real PATH
const env = process.env;
const installed = await findOnPath("redis-server", env.PATH ?? "");

let dataDir: string;
const search = (extra: Partial<RedisSearch> = {}): RedisSearch => ({
  dataDir,
  persistent: true,
  env,
  say: () => undefined,
  ...extra,
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "find-redis-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

describe.skipIf(!installed)("a redis-server on the PATH", () => {
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
      .poll(
        () =>
          pingRedis(url).then(
            () => "runs",
            () => "stopped",
          ),
        { timeout: 20_000 },
      )
      .toBe("stopped");
  });

  it("lets nobody in without the password, which no other user sees", async () => {
    const redis = await findRedis(search());
    const { port, password } = new URL(redis.url);
    await expect(pingRedis(`redis://127.0.0.1:${port}`)).rejects.toThrow("NOAUTH");
    expect(await argumentsOfPrograms()).not.toContain(password);
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
    const redis = await findRedis(search({ url: env.REDIS_URL }));
    expect(redis.url).toBe(env.REDIS_URL);
    await redis.stop();
    await pingRedis(redis.url);
  });

  it("is refused in one sentence, without its password, when nothing answers", async () => {
    const port = await freePort();
    const finding = findRedis(search({ url: `redis://:hidden@127.0.0.1:${port}` }));
    await expect(finding).rejects.toThrow(`Expected a Redis at redis://127.0.0.1:${port} (REDIS_URL) but received`);
    await expect(finding).rejects.not.toThrow(/hidden/);
  });

  it("is refused when something else answers there", async () => {
    const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    await expect(findRedis(search({ url: `redis://127.0.0.1:${port}` }))).rejects.toThrow(/was closed/);
    server.close();
  });
});

/** Where Docker and apt cannot be run, stand-ins for them run the real redis-server with what they were told. */
describe.skipIf(!installed)("without a redis-server on the PATH", () => {
  it("runs one in Docker, on a loopback port", async () => {
    await program(
      "docker",
      `#!/bin/sh
      [ "$1" = info ] && exit 0
      while [ "$1" != redis-server ]; do
        case "$1" in 127.0.0.1:*:6379) port=\${1#127.0.0.1:}; port=\${port%:6379} ;; *:/data) folder=\${1%:/data} ;; esac
        shift
      done
      settings=$folder/\${2#/data/}
      shift 2
      exec ${installed} "$settings" --port "$port" --bind 127.0.0.1 --dir "$folder" "$@"`,
    );
    const redis = await findRedis(search({ env: { PATH: dataDir } }));
    expect(redis.origin).toContain("docker");
    expect(await command(redis.url, "CONFIG GET appendonly")).toContain("yes");
    expect(await command(redis.url, "CONFIG GET save")).toContain("$0");
    await redis.stop();
    await expect(pingRedis(redis.url)).rejects.toThrow();
  });

  it.skipIf(process.getuid?.() !== 0)("installs one with apt-get, and says so first", async () => {
    await program("docker", "#!/bin/sh\nexit 1\n");
    await program(
      "apt-get",
      `#!/bin/sh
      echo "$DEBIAN_FRONTEND $*" >> ${dataDir}/apt-calls
      [ "$1" = update ] && exec /bin/touch ${dataDir}/updated
      [ -e ${dataDir}/updated ] || { echo "E: Unable to locate package" >&2; exit 100; }
      exec /bin/ln -s ${installed} ${dataDir}/redis-server`,
    );
    const said: string[] = [];
    const redis = await findRedis(search({ env: { PATH: dataDir }, say: (line) => said.push(line) }));
    expect(said).toEqual([expect.stringContaining("apt-get")]);
    const calls = (await readFile(join(dataDir, "apt-calls"), "utf8")).trim().split("\n");
    const install = "noninteractive install -y --no-install-recommends redis-server";
    expect(calls).toEqual([install, "noninteractive update", install]);
    await pingRedis(redis.url);
    await redis.stop();
  });
});

it("names the choices when there is no Redis at all", async () => {
  const nothing = findRedis(search({ env: { PATH: dataDir } }));
  await expect(nothing).rejects.toThrow(/REDIS_URL.*redis-server.*Docker/);
});

async function startInAnotherProcess(): Promise<{ owner: ChildProcess; url: string }> {
  const script = fileURLToPath(new URL("fixtures/hold-redis.mjs", import.meta.url));
  const owner = spawn(process.execPath, [script, dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = (await once(owner.stdout!.setEncoding("utf8"), "data")) as [string];
  return { owner, url: url.trim() };
}

function isOpenToOthers({ parentPath, name }: Dirent): boolean {
  return (statSync(join(parentPath, name)).mode & 0o077) !== 0;
}

/** What any user sees of the programs that run. */
async function argumentsOfPrograms(): Promise<string> {
  const { stdout } = await promisify(execFile)("ps", ["-eww", "-o", "args"], { maxBuffer: 1 << 26 });
  return stdout;
}

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(dataDir, name), script, { mode: 0o755 });
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
