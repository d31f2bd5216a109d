import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fleet } from "./support/fleet.js";
import { repository, skipped } from "./support/test-data.js";

// biome-ignore lint/style/noProcessEnv: where infra/sdk/fetch-tools.sh keeps what it fetches
const { XDG_CACHE_HOME, PATH, HOME } = process.env;
const tools = join(XDG_CACHE_HOME || join(homedir(), ".cache"), "facefleet", "sdk");
const node = (name: string) => join(tools, "node", "node_modules", ".bin", name);
const python = (name: string) => join(tools, "python", "bin", name);
const go = join(tools, "go", "oapi-codegen");
const programs = join(repository, "tests", "generated-clients");
const image = join(repository, "tests", "assets", "portrait.png");
const env = { PATH, HOME };

const missing = (...paths: string[]) => {
  const path = paths.find((tool) => !existsSync(tool));
  return path && `no ${path} (run infra/sdk/fetch-tools.sh)`;
};
const runs = (program: string) =>
  (PATH ?? "").split(":").some((folder) => existsSync(join(folder, program))) ? undefined : `no ${program} on the PATH`;

async function run(program: string, args: readonly string[], options: { cwd?: string; env?: object } = {}) {
  const given = { ...options, env: { ...env, ...options.env }, maxBuffer: 2 ** 26 };
  return (await promisify(execFile)(program, [...args], given)).stdout;
}

describe("the description of the API", () => {
  const noLinter = missing(node("redocly"));

  it.skipIf(skipped("the lint of docs/openapi.json", noLinter))("has nothing that a linter warns of", async () => {
    const config = join(repository, "infra", "sdk", "redocly.yaml");
    const linted = run(node("redocly"), ["lint", "--config", config, "--format", "json", "docs/openapi.json"], {
      cwd: repository,
      env: { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
    });
    expect(JSON.parse(await linted).totals).toEqual({ errors: 0, warnings: 0, ignored: 0 });
  });
});

/** Each sends the portrait to a running fleet and reads its face, with a client made of what that fleet says of itself. */
describe("a client that is generated", () => {
  let fleet: Fleet;
  let folder: string;
  let description: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "facefleet-generated-"));
    fleet = await Fleet.start();
    description = join(folder, "openapi.json");
    await writeFile(description, await (await fleet.get("/openapi.json")).text());
  });
  afterAll(async () => {
    await fleet?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const expectFace = (output: string) => {
    // The eye further left in the picture is the one at 192 of 480 pixels.
    expect(JSON.parse(output)).toEqual({ state: "succeeded", faces: 1, left: expect.closeTo(192, -1) });
  };
  const place = async (name: string) => {
    const made = join(folder, name);
    await mkdir(made);
    return made;
  };

  const noTypeScript = missing(node("openapi-typescript"));
  it.skipIf(skipped("the client by openapi-typescript", noTypeScript))("by openapi-typescript", async () => {
    const cwd = await place("typescript");
    await run(node("openapi-typescript"), [description, "-o", join(cwd, "schema.ts")]);
    await copyFile(join(programs, "typescript.ts.txt"), join(cwd, "main.ts"));
    await writeFile(join(cwd, "package.json"), JSON.stringify({ type: "module" }));
    await symlink(join(tools, "node", "node_modules"), join(cwd, "node_modules"));
    const types = join(repository, "node_modules", "@types");
    const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck", "--typeRoots", types];
    await run(node("tsc"), [...options, "--types", "node", "main.ts"], { cwd });
    expectFace(await run(process.execPath, ["main.js", fleet.url, image], { cwd }));
  });

  const noPythonClient = missing(python("openapi-python-client"));
  it.skipIf(skipped("the client by openapi-python-client", noPythonClient))("by openapi-python-client", async () => {
    const made = join(folder, "python");
    const given = ["--path", description, "--output-path", made, "--meta", "none"];
    await run(python("openapi-python-client"), ["generate", ...given]);
    const [cwd, name] = [await place("python-client"), "facefleet_client"];
    await cp(made, join(cwd, name), { recursive: true });
    const program = join(programs, "openapi_python_client.py");
    expectFace(await run(python("python"), [program, fleet.url, image], { env: { PYTHONPATH: cwd } }));
  });

  const noGo = [missing(go), runs("go")];
  it.skipIf(skipped("the client by oapi-codegen", ...noGo))("by oapi-codegen, for Go", async () => {
    const cwd = join(folder, "go");
    await cp(join(programs, "go"), cwd, { recursive: true });
    await mkdir(join(cwd, "facefleet"));
    await run(go, ["-config", "oapi-codegen.yaml", "-o", "facefleet/client.go", description], { cwd });
    const settings = { GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" };
    expectFace(await run("go", ["run", ".", fleet.url, image], { cwd, env: settings }));
  });

  const noGenerator = [missing(python("openapi-generator-cli")), runs("java")];
  it.skipIf(skipped("the client by openapi-generator", ...noGenerator))(
    "by openapi-generator, for Python",
    async () => {
      const made = join(folder, "generator");
      const properties = ["--additional-properties", "packageName=facefleet_client"];
      const given = ["-g", "python", "-i", description, "-o", made, ...properties];
      await run(python("openapi-generator-cli"), ["generate", ...given]);
      const program = join(programs, "openapi_generator.py");
      expectFace(await run(python("python"), [program, fleet.url, image], { env: { PYTHONPATH: made } }));
    },
  );
});
