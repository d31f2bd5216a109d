import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectContained, expectHealed, untilOver } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

describe("a tenant that sends large bodies", () => {
  let fleet: WalledFleet;
  beforeAll(async () => {
    fleet = await WalledFleet.start();
  });
  afterAll(() => fleet?.stop());

  it("full of mistakes keeps nobody else from being answered", async () => {
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

  it("with images in JSON keeps nobody else from being answered", async () => {
    const body = JSON.stringify({ task: "detect", image: { data: randomBytes(15_000_000).toString("base64") } });
    const headers = { "content-type": "application/json" };
    const attack = (signal: AbortSignal) =>
      untilOver(signal, 8, async () => {
        expect([202, 429, 503]).toContain(await fleet.attacker.status("POST", "/v1/jobs", { headers, body }));
      });
    await expectContained(fleet, { name: "images of 15 MB in JSON, 8 at a time", attack });
    await expectHealed(fleet);
  });
});
