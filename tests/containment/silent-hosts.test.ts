import { randomUUID } from "node:crypto";
import { type AddressInfo, createServer, type Server } from "node:net";
import type { Job } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebhookReceiver } from "../support/webhook-receiver.js";
import { expectContained, expectHealed, untilOver } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

const hosts = 60;
const absent = { s3: { bucket: "local", key: "absent.jpg" } };

describe("a tenant that names hosts which never answer", () => {
  let fleet: WalledFleet;
  let silent: Server[];
  let urls: string[];
  beforeAll(async () => {
    fleet = await WalledFleet.start();
    silent = Array.from({ length: hosts }, () => createServer((socket) => void socket.on("error", () => undefined)));
    for (const server of silent) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    urls = silent.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  });
  afterAll(async () => {
    await fleet?.stop();
    for (const server of silent) server.close();
  });

  const url = (round: number) => `${urls[round % hosts]}${randomUUID()}`;

  async function submit(job: object): Promise<void> {
    const submitted = await fleet.attacker.postJson("/v1/jobs", job);
    expect([202, 429, 503]).toContain(submitted.status);
    await submitted.arrayBuffer();
  }

  it("as those of its images keeps nobody else from working", async () => {
    const attack = async () => {
      for (let round = 0; round < 200; round++) await submit({ task: "detect", image: { url: url(round) } });
    };
    await expectContained(fleet, { name: "200 images at 60 hosts that never answer", attack });
    await expectHealed(fleet);
  });

  it("as receivers of its webhooks keeps nobody else from being told", async () => {
    const receiver = await WebhookReceiver.start();
    const waits: number[] = [];
    const tell = async () => {
      const job = { task: "detect", image: absent, webhook: { url: receiver.url } };
      const { id } = (await (await fleet.neighbour.postJson("/v1/jobs", job)).json()) as Job;
      await expect.poll(() => receiver.received.some(({ body }) => body.includes(id))).toBe(true);
      const { finishedAt } = (await (await fleet.neighbour.send("GET", `/v1/jobs/${id}`)).json()) as Job;
      const { at } = receiver.received.find(({ body }) => body.includes(id))!;
      waits.push(at - Date.parse(finishedAt!));
    };
    const attack = async (signal: AbortSignal) => {
      for (let round = 0; round < 480; round++) {
        await submit({ task: "detect", image: absent, webhook: { url: url(round) } });
      }
      await untilOver(signal, 1, tell);
    };
    await expectContained(fleet, { name: "480 events for 60 receivers that never answer", attack });
    await tell();
    expect(Math.max(...waits)).toBeLessThan(5000);
    await receiver.stop();
    await expectHealed(fleet);
  });
});
