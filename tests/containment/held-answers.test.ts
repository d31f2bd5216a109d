import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@facefleet/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { crowd } from "../support/drawn-images.js";
import { expectContained, expectHealed } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

describe("a tenant that asks and does not read", () => {
  let fleet: WalledFleet;
  let sockets: Socket[] = [];
  beforeAll(async () => {
    fleet = await WalledFleet.start();
    await mkdir(join(fleet.folder, "objects", "local"), { recursive: true });
    await writeFile(join(fleet.folder, "objects", "local", "crowd.jpg"), await crowd(18, 12));
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
  });
  afterAll(() => fleet?.stop());

  async function submitted(job: object): Promise<Job> {
    const answer = await fleet.attacker.postJson("/v1/jobs", job);
    expect(answer.status).toBe(202);
    return (await answer.json()) as Job;
  }

  /** Asks on so many connections, and reads nothing of the answers. */
  async function askWithoutReading(path: string, count: number): Promise<void> {
    const { hostname, port } = new URL(fleet.url);
    const question = `GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${fleet.attacker.key}\r\n\r\n`;
    for (let i = 0; i < count; i++) {
      const socket = connect(Number(port), hostname);
      sockets.push(socket.pause().on("error", () => undefined));
      await once(socket, "connect");
      socket.write(question);
    }
  }

  it("large results keeps nobody else from being answered", async () => {
    const options = { crops: true, minFaceSize: 60, maxFaces: 1000 };
    const job = { task: "embed", image: { s3: { bucket: "local", key: "crowd.jpg" } }, options };
    const { links } = await submitted(job);
    const size = async () =>
      (await (await fleet.attacker.send("GET", `${links.self}?wait=20`)).arrayBuffer()).byteLength;
    await expect.poll(size).toBeGreaterThan(2_000_000);
    const attack = () => askWithoutReading(links.self, 200);
    await expectContained(fleet, { name: "200 large results that are not read", attack });
    await expectHealed(fleet);
  });

  it("thousands of streams of events keeps nobody else from being answered", async () => {
    const { links } = await submitted({ task: "detect", image: { url: "https://photos.test/a.jpg" } });
    const attack = async (signal: AbortSignal) => {
      await askWithoutReading(links.events, 3000);
      await sleep(60_000, undefined, { signal }).catch(() => undefined);
    };
    await expectContained(fleet, { name: "3,000 streams of events", attack });
    await expectHealed(fleet);
  });
});
