import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { rootDir } from "../src/checkout.js";

/** Says on stderr what is loaded. */
const loader = `
import { writeSync } from "node:fs";
export function load(url, context, next) {
  writeSync(2, "loaded " + url + "\\n");
  return next(url, context);
}`;
const dataUrl = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;
const register = dataUrl(`import { register } from "node:module"; register(${JSON.stringify(dataUrl(loader))});`);

/** The modules that the command line loads for these words. */
async function loadedBy(...words: string[]): Promise<string[]> {
  const main = join(rootDir, "apps", "cli", "dist", "main.js");
  const { stderr } = await promisify(execFile)(process.execPath, ["--import", register, main, ...words], {
    maxBuffer: 1 << 26,
  });
  return [...stderr.matchAll(/^loaded (.*)$/gm)].map(([, url]) => url!);
}

const ofTheService = /bullmq|ioredis|@aws-sdk|@opentelemetry|prom-client|pino|fastify/;
const ofThePipeline = /onnxruntime|@tensorflow|sharp|protobufjs/;
const ofSchemas = /typebox|packages\/contracts/;

it.each([
  ["keys", "--help"],
  ["models", "list"],
  ["tenants", "--help"],
  ["up", "--help"],
  ["help", "submit"],
  ["help", "batches"],
  ["help", "compare"],
  ["help", "match"],
])("%s %s loads nothing of the service, nothing that computes, and no schemas", async (...words) => {
  const loaded = await loadedBy(...words);
  expect(loaded.some((url) => url.endsWith("/apps/cli/dist/main.js"))).toBe(true);
  for (const heavy of [ofTheService, ofThePipeline, ofSchemas])
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
});

it("shows which commands there are without one of them, or a configuration", async () => {
  const loaded = await loadedBy("--help");
  expect(loaded.filter((url) => /commander|\/apps\/cli\/dist\/(main|commands|checkout)\.js$|^node:/.test(url))).toEqual(
    loaded,
  );
});
