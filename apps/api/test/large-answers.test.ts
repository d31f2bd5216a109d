import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job, JobResult } from "@facefleet/contracts";
import { isStored } from "@facefleet/platform";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { closeStalledReaders } from "../src/server/stalled-readers.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis, embedding, face } from "./canned-results.js";

const job = { task: "embed", image: { s3: { bucket: "photos", key: "a.jpg" } } };
/** Some 14 MB of JSON: more than the buffers of a connection hold. */
const large: JobResult = analysis(Array.from({ length: 1500 }, () => face(0.99, { embedding })));

describe("a large answer", () => {
  let api: ApiRig;
  let url: string;
  beforeEach(async () => {
    api = await startApi();
    url = await api.app.listen({ port: 0 });
  });
  afterEach(() => api.close());

  async function done(result: JobResult): Promise<Job> {
    await api.startWorker(async () => result);
    const answer = await fetch(`${url}/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "k" },
      body: JSON.stringify(job),
    });
    const { links } = (await answer.json()) as Job;
    return (await (await fetch(`${url}${links.self}?wait=20`)).json()) as Job;
  }

  it("is the whole job with its result, as long as it says", async () => {
    const { result, links } = await done(large);
    expect(result).toEqual(large);
    const answer = await fetch(`${url}${links.self}`);
    const text = await answer.text();
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(Number(answer.headers.get("content-length"))).toBe(Buffer.byteLength(text));
    expect(JSON.parse(text)).toMatchObject({ state: "succeeded", result: large });
    expect(await api.storedResults()).toHaveLength(1);
    const head = await fetch(`${url}${links.self}`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("that is waited for is not taken for a leak by Node", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on("warning", note);
    const { id } = await done(large);
    process.off("warning", note);
    expect(id).not.toBe("");
    expect(warnings.filter(({ name }) => name === "MaxListenersExceededWarning")).toEqual([]);
  });

  it("is also that to a request that is sent again", async () => {
    await done(large);
    const headers = { "content-type": "application/json", "idempotency-key": "k" };
    const again = await fetch(`${url}/v1/jobs`, { method: "POST", headers, body: JSON.stringify(job) });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ state: "succeeded", result: large });
  });

  it("of a small result is the same", async () => {
    const small = analysis([face(0.99, { embedding })]);
    const { result, links, id } = await done(small);
    expect(result).toEqual(small);
    expect(isStored((await api.jobs.look("default", id))!.result!)).toBe(false);
    const answer = await fetch(`${url}${links.self}`);
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await answer.json()).toMatchObject({ result: small });
  });

  it("is sent to one tenant sixteen times at once, and holds nobody up", async () => {
    const { links } = await done(large);
    const sockets: Socket[] = [];
    for (let i = 0; i < 16; i += 1) {
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.write(`GET ${links.self} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      // Reads its first bytes, and then nothing more.
      await once(socket, "data");
      sockets.push(socket.pause());
    }
    const before = process.memoryUsage().rss;
    const refused = await fetch(`${url}${links.self}`);
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: "too_many_downloads", retryable: true });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await fetch(`${url}/v1/jobs`)).status).toBe(200);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    for (const socket of sockets) socket.destroy();
    await eventually(async () => {
      const answer = await fetch(`${url}${links.self}`);
      await answer.arrayBuffer();
      return answer.status === 200;
    });
  });
});

describe("a reader", () => {
  const text = "x".repeat(20_000_000);

  async function listening(timeoutMs: number) {
    const app = Fastify();
    closeStalledReaders(app.server, timeoutMs);
    app.get("/large", async () => text);
    app.get("/late", async () => {
      await sleep(5000);
      return "late";
    });
    await app.listen({ port: 0 });
    return { app, port: Number(new URL(app.listeningOrigin).port) };
  }

  it("that takes nothing any more is let go", async () => {
    const { app, port } = await listening(500);
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await once(socket, "data");
    socket.pause();
    await expect.poll(() => connections(app)).toBe(0);
    socket.destroy();
    await app.close();
  });

  it("that only is slow, or waits, is not", async () => {
    const { app, port } = await listening(2000);
    const origin = `http://127.0.0.1:${port}`;
    expect(await (await fetch(`${origin}/late`)).text()).toBe("late");
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let read = 0;
    for await (const chunk of socket) {
      read += (chunk as Buffer).length;
      if (read < 15_000_000) await sleep(20);
    }
    expect(read).toBeGreaterThan(text.length);
    await app.close();
  });

  const connections = (app: FastifyInstance) =>
    new Promise((resolve) => app.server.getConnections((_error: Error | null, count: number) => resolve(count)));
});
