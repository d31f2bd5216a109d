import { describe, expect, it } from "vitest";
import { counting, encodeTfjs } from "../../test/models/tiny-pack.js";
import { parseTfjsWeights } from "./tfjs-weights.js";

const tensors = { "a/weights": [2, 3], "a/bias": [3] };

describe("parseTfjsWeights", () => {
  it("cuts the shards into tensors, also where one crosses from shard to shard", async () => {
    const { shard } = encodeTfjs(tensors);
    const group = {
      paths: ["1", "2"],
      weights: Object.entries(tensors).map(([name, shape]) => ({ name, shape, dtype: "float32" })),
    };
    const shards: Record<string, Buffer> = { 1: shard.subarray(0, 10), 2: shard.subarray(10) };
    const parsed = await parseTfjsWeights(Buffer.from(JSON.stringify([group])), async (path) => shards[path]!);
    expect(parsed.get("a/weights")).toEqual({ shape: [2, 3], data: counting([2, 3]) });
    expect(parsed.get("a/bias")).toEqual({ shape: [3], data: counting([3]) });
  });

  it.each([
    ["shards that end early", (shard: Buffer) => shard.subarray(0, -4), "its shards end before"],
    ["shards with more in them", (shard: Buffer) => Buffer.concat([shard, Buffer.alloc(4)]), "Expected 36 bytes"],
  ])("refuses %s", async (_, change, message) => {
    const { manifest, shard } = encodeTfjs(tensors);
    await expect(parseTfjsWeights(manifest, async () => change(shard))).rejects.toThrow(message);
  });

  it("refuses quantised weights and what is not JSON", async () => {
    const { manifest, shard } = encodeTfjs(tensors);
    const quantised = Buffer.from(manifest.toString().replace("float32", "uint8"));
    await expect(parseTfjsWeights(quantised, async () => shard)).rejects.toThrow("received uint8");
    await expect(parseTfjsWeights(Buffer.from("<html>"), async () => shard)).rejects.toThrow("to be JSON");
  });
});
