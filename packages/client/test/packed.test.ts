import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import vm from "node:vm";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobAnswer } from "./answers.js";
import { type ScriptedServer, startScriptedServer } from "./scripted-server.js";

/* The package as others get it: packed, and installed into an empty folder from which nothing of the sources is seen. */

const run = promisify(execFile);
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

let folder: string;
let server: ScriptedServer;

async function put(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return name;
}

beforeAll(async () => {
  server = await startScriptedServer();
  folder = await mkdtemp(join(tmpdir(), "client-"));
  const pack = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: fromHere("..") });
  const tarball = pack.stdout.trim().split("\n").at(-1)!;
  await put("package.json", '{ "private": true }');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `./${tarball}`], { cwd: folder });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const use = (client: string) => `
  const { FacefleetClient, resultOf, verifyWebhook } = ${client};
  if (typeof verifyWebhook !== "function") throw new Error("Expected all of the client");
  const job = new FacefleetClient({ url: "SERVER" }).job("j1");
  job.then((job) => print(job.state, resultOf(job).faces.length));`;

const answer = () => jobAnswer("succeeded", { result: { faces: [{}, {}] } as never });

it("asks for no other package, and has its licence and sources with it", async () => {
  const inside = join(folder, "node_modules", "@facefleet", "client");
  const manifest = JSON.parse(await readFile(join(inside, "package.json"), "utf8"));
  expect(Object.keys(manifest)).not.toContain("dependencies");
  expect(JSON.stringify(manifest)).not.toContain("workspace:");
  expect(await readFile(join(inside, "LICENSE"), "utf8")).toMatch(/^MIT License/);
  const { sources } = JSON.parse(await readFile(join(inside, "dist", "index.js.map"), "utf8"));
  expect(await readFile(join(inside, "dist", sources[0]), "utf8")).toContain("export");
});

it.each([
  ["modules", "use.mjs", 'await import("@facefleet/client")'],
  ["require", "use.cjs", 'require("@facefleet/client")'],
])("works in Node with %s", async (_, name, client) => {
  server.answer(answer());
  const code = `const print = console.log;${use(client)}`.replace("SERVER", server.url);
  const { stdout } = await run(process.execPath, [await put(name, code)], { cwd: folder });
  expect(stdout).toBe("succeeded 2\n");
});

it("works in a bundle for browsers, with nothing but what these have", async () => {
  await put("browser.mjs", `import * as client from "@facefleet/client";${use("client")}`);
  const bundle = await rolldown({ input: join(folder, "browser.mjs"), cwd: folder, platform: "browser" });
  const { output } = await bundle.generate({ format: "iife" });
  expect(output).toHaveLength(1);
  const { AbortController, AbortSignal, Blob, FormData, Headers, Response, TextDecoder, TextEncoder, URL } = globalThis;
  const web = { AbortController, AbortSignal, Blob, FormData, Headers, Response, TextDecoder, TextEncoder, URL };
  const { atob, clearTimeout, crypto, fetch, setTimeout } = globalThis;
  server.answer(answer());
  const printed = await new Promise<unknown[]>((print) => {
    const page = {
      ...web,
      atob,
      clearTimeout,
      crypto,
      fetch,
      setTimeout,
      print: (...values: unknown[]) => print(values),
    };
    vm.runInNewContext(output[0].code.replace("SERVER", server.url), page);
  });
  expect(printed).toEqual(["succeeded", 2]);
});

describe("in strict TypeScript", () => {
  const code = `
    import { compareEmbeddings, embeddingOf, FacefleetClient, resultOf, type Face, type Job } from "@facefleet/client";
    export async function distance(client: FacefleetClient, file: Blob): Promise<number> {
      const job = await client.wait(await client.submit({ task: "embed", image: file, options: { maxFaces: 2 } }));
      const [a, b]: Face[] = resultOf(job).faces;
      if (!a || !b) return (await client.verify(file, file)).euclideanDistance;
      for await (const seen of client.events(job)) { const state: Job["state"] = seen.state; void state; }
      // @ts-expect-error: no such option
      await client.submit({ task: "embed", image: file, options: { maxFace: 2 } });
      return compareEmbeddings(embeddingOf(a), embeddingOf(b)).euclideanDistance;
    }`;

  it.each([
    ["nodenext", "nodenext", "mts"],
    ["nodenext", "nodenext", "cts"],
    ["bundler", "esnext", "ts"],
  ])("its types are there: %s, %s, .%s", async (moduleResolution, module, ending) => {
    const file = await put(`typed-${moduleResolution}.${ending}`, code);
    const strict = ["--strict", "--noEmit", "--exactOptionalPropertyTypes", "--skipLibCheck", "false"];
    const target = ["--target", "es2022", "--lib", "es2023,dom", "--types", ""];
    const modules = ["--module", module, "--moduleResolution", moduleResolution];
    const compiler = fromHere("../../../node_modules/typescript/bin/tsc");
    const compiled = run(process.execPath, [compiler, ...strict, ...target, ...modules, file], { cwd: folder });
    expect(
      await compiled.then(
        ({ stdout }) => stdout,
        ({ stdout }) => stdout,
      ),
    ).toBe("");
  });
});
