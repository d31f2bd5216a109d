import { ProblemError } from "@facefleet/contracts";
import { imageMemory } from "@facefleet/core/batching";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../../bench/src/load/seeded-random.js";
import { decodedPortraits, refusedPortraits } from "../../../tests/support/coded-portraits.js";
import { InferenceClient } from "../src/inference/inference-client.js";
import { analysisOptions, drawn, inferenceSettings, quiet } from "./environment.js";

// biome-ignore lint/style/noProcessEnv: how many files, and from which seed, whoever runs the test says here
const { MUTATED_FILES = "200", MUTATED_SEED = "1" } = process.env;
const count = Number(MUTATED_FILES);
const atOnce = 8;

/** What an image may be refused for, and nothing else. */
const answers: ReadonlySet<string> = new Set([
  "empty_image",
  "image_too_large",
  "image_undecodable",
  "unsupported_image_format",
  "job_timeout",
]);

type Mutation = (bytes: Buffer, random: () => number) => Buffer;

const below = (random: () => number, limit: number) => Math.floor(random() * limit);
const changed = (bytes: Buffer, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};
const flipped = (bytes: Buffer, random: () => number, end: number) =>
  changed(bytes, (copy) => {
    for (let left = 1 + below(random, 8); left > 0; left--) {
      const at = below(random, end);
      copy[at] = (copy[at] as number) ^ (1 << below(random, 8));
    }
  });

const mutations: readonly Mutation[] = [
  (bytes, random) => flipped(bytes, random, bytes.length),
  (bytes, random) => flipped(bytes, random, Math.min(bytes.length, 512)),
  (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  // A number of two or four bytes in the header becomes one of those that programs forget.
  (bytes, random) =>
    changed(bytes, (copy) => {
      const at = below(random, Math.min(bytes.length - 4, 512));
      const value = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff][below(random, 5)] as number;
      if (random() < 0.5) copy.writeUInt32BE(value, Math.max(0, at));
      else copy.writeUInt16LE(value & 0xffff, Math.max(0, at));
    }),
  // A part is missing, is there twice, or is empty.
  (bytes, random) => {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + below(random, 4096))]);
  },
  (bytes, random) => {
    const at = below(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - below(random, 4096)))]);
  },
  (bytes, random) =>
    changed(bytes, (copy) => {
      const at = below(random, bytes.length);
      copy.fill(0, at, Math.min(bytes.length, at + below(random, 4096)));
    }),
];

let client: InferenceClient;
let lost = 0;

beforeAll(async () => {
  const settings = { ...inferenceSettings, limits: { ...inferenceSettings.limits, maxPixels: 2 ** 22 } };
  client = new InferenceClient({ settings, memory: imageMemory(), logger: quiet, onLost: () => void lost++ });
  await client.start();
}, 120_000);
afterAll(() => client.close());

test(`${count} files of all formats with faults in them are decoded or refused, and kill nothing (seed ${MUTATED_SEED})`, async () => {
  const random = seededRandom(Number(MUTATED_SEED));
  const files = [...(await decodedPortraits()), ...(await refusedPortraits())].filter(({ bytes }) => bytes.length > 8);
  const outcomes: Record<string, number> = {};
  const wrong: string[] = [];
  const waiting = Array.from({ length: count }, (_, index) => {
    const file = files[index % files.length] as (typeof files)[0];
    const kind = below(random, mutations.length);
    return {
      name: `${index}: ${file.name}, mutation ${kind}`,
      bytes: (mutations[kind] as Mutation)(file.bytes, random),
    };
  }).values();
  const options = { ...analysisOptions, minFaceSize: 200, embed: false };
  const sender = async () => {
    for (const { name, bytes } of waiting) {
      const outcome = await client.analyse(bytes, options).then(
        () => "analysed",
        (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (outcome !== "analysed" && !answers.has(outcome)) wrong.push(`${name}: ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, sender));
  process.stderr.write(`mutated files: ${JSON.stringify(outcomes)}, processes lost: ${lost}\n`);
  expect(wrong).toEqual([]);
  expect(lost).toBe(0);
  // Faults are small: some files are still whole, and some are not.
  expect(outcomes.analysed).toBeGreaterThan(count / 20);
  expect(outcomes.image_undecodable).toBeGreaterThan(count / 20);
  expect((await client.analyse(await drawn("oneFace"), analysisOptions)).faces).toHaveLength(1);
}, 590_000);
