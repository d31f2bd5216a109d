import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Upload } from "@facefleet/contracts";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectContained, expectHealed, untilOver } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

const mayStore = 60e6;
const image = Buffer.alloc(3_000_000, "x");

let fleet: WalledFleet;
beforeAll(async () => {
  fleet = await WalledFleet.start({ api: { TENANT_STORED_BYTES: String(mayStore) } });
});
afterAll(() => fleet?.stop());

async function storedBytes(): Promise<number> {
  const folder = join(fleet.folder, "objects");
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = files.map(async (file) => (await stat(join(folder, file)).catch(() => undefined))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

it("a tenant that uploads what it does not use fills its own share, and keeps nobody else from working", async () => {
  let refused = 0;
  const claim = { contentType: "image/jpeg", size: image.byteLength };
  const attack = (signal: AbortSignal) =>
    untilOver(signal, 8, async () => {
      const answer = await fleet.attacker.postJson("/v1/uploads", claim);
      expect([201, 429]).toContain(answer.status);
      if (answer.status === 429) refused++;
      if (answer.status !== 201) return void (await answer.arrayBuffer());
      const { url, method, headers } = (await answer.json()) as Upload;
      await (await fetch(url, { method, headers, body: image })).arrayBuffer();
    });
  await expectContained(fleet, { name: "uploads that nobody uses", attack });
  expect(refused).toBeGreaterThan(0);
  expect(await storedBytes()).toBeLessThanOrEqual(mayStore * 1.05);
  await expectHealed(fleet);
});
