import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectContained, expectHealed } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

describe("a tenant that sends bodies full of mistakes", () => {
  let fleet: WalledFleet;
  beforeAll(async () => {
    fleet = await WalledFleet.start();
  });
  afterAll(() => fleet?.stop());

  it("keeps nobody else from being answered", async () => {
    const metadata: Record<string, string> = {};
    for (let i = 0; i < 387_000; i += 1) metadata[i.toString(36)] = "";
    const s3 = { bucket: "local", key: "a.jpg" };
    const body = JSON.stringify({ task: "detect", items: [{ s3 }], metadata }).slice(0, 4_194_304);
    const attack = async (signal: AbortSignal) => {
      while (!signal.aborted) expect((await fleet.attacker.postJson("/v1/batches", body)).status).toBe(400);
    };
    await expectContained(fleet, { name: "387,000 names of metadata in one body", attack });
    await expectHealed(fleet);
  });
});
