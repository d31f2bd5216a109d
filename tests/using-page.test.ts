import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noPython, providePython } from "../scripts/generate/python-environment.mjs";
import { Fleet } from "./support/fleet.js";
import { repository, skipped } from "./support/test-data.js";

/* What stands in docs/using.md is run as it stands, but for the service's address. */

const run = promisify(execFile);
/** Where programs and the cache folder are. */
const { env } = process;

let folder: string;
let fleet: Fleet;
let page: string;

/** A folder with what of a checkout the page speaks of, beside a running fleet. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "using-page-"));
  await symlink(join(repository, "tests"), join(folder, "tests"));
  await mkdir(join(folder, "node_modules", "@facefleet"), { recursive: true });
  await symlink(join(repository, "packages", "client"), join(folder, "node_modules", "@facefleet", "client"));
  fleet = await Fleet.start({ STORE_DIR: join(folder, ".data", "objects") });
  page = (await readFile(join(repository, "docs", "using.md"), "utf8")).replaceAll("http://localhost:3000", fleet.url);
});
afterAll(async () => {
  await fleet?.stop();
  await rm(folder, { recursive: true, force: true });
});

function snippets(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, code]) => code!);
}

async function ran(program: string, args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const options = { cwd: folder, env: { ...env, FACEFLEET_URL: fleet.url, ...more }, maxBuffer: 1 << 26 };
  const { stdout } = await run(program, args, options).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${error.stdout.slice(-3000)}${error.stderr.slice(-3000)}`);
  });
  return stdout;
}

/** Ends with the first command that fails. curl answers a refusal as the service does; npm is the command line. */
const shell = `
set -euo pipefail
curl() { command curl --silent --show-error --fail-with-body "$@" && echo; }
npm() { while [ "$1" != -- ]; do shift; done; shift; node ${join(repository, "apps", "cli", "dist", "main.js")} "$@"; }
`;

/** An event of the batch, signed by its secret, as the service sends it. */
const eventOfBatch = { type: "batch.finished", timestamp: "2026-01-01T00:00:00.000Z" };

describe("the page for callers", () => {
  it("has commands that work one after the other", async () => {
    const commands = snippets("sh");
    expect(commands.length).toBeGreaterThan(7);
    const said = await ran("bash", ["-c", shell + commands.join("\n")]);
    expect(said).toContain('"euclidean_distance":');
    expect(said).toMatch(/"state":"succeeded"[^\n]*"decision":"match"/);
    expect(said).toMatch(/^tests\/assets\/portrait\.heic .* succeeded +out\/portrait\.heic\.png$/m);
    expect(said).toContain("is intact");
    const lines = (await readFile(join(folder, "faces.ndjson"), "utf8")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).state)).toEqual(["succeeded", "succeeded"]);
  });

  it.each([
    ["client.analyse(", 'if (faces.length !== 1) throw new Error("faces");'],
    ["client.verify(", 'if (decision !== "match") throw new Error(decision);'],
    [
      "client.submitBatch(",
      `await client.waitForBatch(batch);
      const body = JSON.stringify({ ...${JSON.stringify(eventOfBatch)}, data: batch });
      const at = Math.floor(Date.now() / 1000);
      const key = Buffer.from(secret.slice("whsec_".length), "base64");
      const { createHmac } = await import("node:crypto");
      const signature = createHmac("sha256", key).update(\`e1.\${at}.\${body}\`).digest("base64");
      await receive({ "webhook-id": "e1", "webhook-timestamp": \`\${at}\`, "webhook-signature": \`v1,\${signature}\` }, body);`,
    ],
  ])("has JavaScript that works: %s", async (text, check) => {
    const code = snippets("js").find((snippet) => snippet.includes(text));
    await writeFile(join(folder, "snippet.mjs"), `${code}\n${check}`);
    const said = await ran(process.execPath, ["snippet.mjs"]);
    if (text.includes("Batch")) expect(said).toBe("0 1\n1 2\n");
  });

  describe.skipIf(skipped("Python in docs/using.md", noPython()))("in Python", () => {
    it.each([
      ["client.analyse(", "assert len(faces) == 1"],
      ["client.verify(", 'assert decision == "match"'],
      [
        "client.submit_batch(",
        `
import base64, hashlib, hmac, json, time
client.wait_for_batch(batch)
body = json.dumps({**${JSON.stringify(eventOfBatch)}, "data": json.loads(batch.model_dump_json(by_alias=True, exclude_none=True))})
at = int(time.time())
key = base64.b64decode(secret.removeprefix("whsec_"))
signature = base64.b64encode(hmac.new(key, f"e1.{at}.{body}".encode(), hashlib.sha256).digest()).decode()
receive({"webhook-id": "e1", "webhook-timestamp": str(at), "webhook-signature": "v1," + signature}, body)`,
      ],
    ])("works: %s", async (text, check) => {
      const client = join(repository, "clients", "python");
      const python = await providePython(client, env);
      const code = snippets("python").find((snippet) => snippet.includes(text));
      const more = { PYTHONPATH: join(client, "src"), PYTHONDONTWRITEBYTECODE: "1" };
      const said = await ran(python, ["-c", `${code}\n${check}`], more);
      if (text.includes("batch")) expect(said).toBe("0 1\n1 2\n");
    });
  });
});
