import { lookup } from "node:dns/promises";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EgressGuard } from "../../src/egress/index.js";
import { nameLookup } from "../../src/egress/name-lookup.js";
import { startServer } from "./loopback-server.js";
import { NameServer } from "./name-server.js";

const never = new AbortController().signal;
const zones: Record<string, readonly string[]> = {
  "photos.test": ["192.0.2.1", "192.0.2.2"],
  "receiver.inside.test": ["192.0.2.3"],
  "a.b.c.d.e.f": ["192.0.2.4"],
  "short.test": [],
};

describe("names", () => {
  let folder: string;
  let server: NameServer;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "facefleet-names-"));
    server = await NameServer.start((name) => {
      if (name.startsWith("silent")) return undefined;
      return name.startsWith("broken") ? "failure" : (zones[name] ?? []);
    });
  });

  afterAll(async () => {
    server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function lookUpWith(hosts: string, resolver: string) {
    const files = { hosts: join(folder, "hosts"), resolver: join(folder, "resolv.conf") };
    await writeFile(files.hosts, hosts);
    await writeFile(files.resolver, resolver);
    const lookUp = nameLookup({ servers: [server.address], files });
    return (host: string, signal = never) => lookUp(host, signal);
  }

  it("lead to all their addresses", async () => {
    const lookUp = await lookUpWith("", "");
    expect(await lookUp("photos.test")).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(await lookUp("photos.test.")).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(await lookUp("absent.test")).toEqual([]);
    await expect(lookUp("broken.test")).rejects.toThrow();
  });

  it("are what the file of hosts says, first", async () => {
    const lookUp = await lookUpWith(
      "127.0.0.9  Photos.test photos # ours\n#192.0.2.9 commented\n::9 photos.test\nno-address x\n",
      "",
    );
    expect(await lookUp("photos.test")).toEqual(["127.0.0.9", "::9"]);
    expect(await lookUp("PHOTOS")).toEqual(["127.0.0.9"]);
    expect(await lookUp("commented")).toEqual([]);
  });

  it("are this machine when they say so, whatever name servers know", async () => {
    expect(await (await lookUpWith("", ""))("a.localhost")).toEqual(["127.0.0.1", "::1"]);
    expect(await (await lookUpWith("127.0.0.1 localhost", ""))("localhost")).toEqual(["127.0.0.1"]);
  });

  it("are completed by the domains of the machine", async () => {
    const lookUp = await lookUpWith("", "search outside.test inside.test\noptions timeout:1 ndots:5");
    expect(await lookUp("receiver")).toEqual(["192.0.2.3"]);
    server.asked.length = 0;
    expect(await lookUp("photos.test")).toEqual(["192.0.2.1", "192.0.2.2"]);
    expect(server.asked).toEqual(["photos.test.outside.test", "photos.test.inside.test", "photos.test"]);
    server.asked.length = 0;
    expect(await lookUp("a.b.c.d.e.f")).toEqual(["192.0.2.4"]);
    expect(server.asked).toEqual(["a.b.c.d.e.f"]);
  });

  it("that nobody answers for are given up with their signal", async () => {
    const lookUp = await lookUpWith("", "");
    const giveUp = new AbortController();
    const silent = lookUp("silent.test", giveUp.signal);
    setTimeout(() => giveUp.abort(), 50);
    await expect(silent).rejects.toThrow();
  });

  it("that nobody answers for silence no other: 40 at once", async () => {
    const lookUp = await lookUpWith("", "");
    const pages = await startServer((_, response) => response.end("here"));
    const guard = new EgressGuard({
      allow: ["127.0.0.1"],
      lookUp: (host, signal) => (host === "here.test" ? Promise.resolve(["127.0.0.1"]) : lookUp(host, signal)),
    });
    const limits = { method: "GET", maxBytes: 100, onTooLong: "fail", timeoutMs: 4000, maxRedirects: 0 } as const;
    const silent = Array.from({ length: 40 }, (_, i) =>
      guard.send({ ...limits, url: `http://silent-${i}.test/` }).catch((error: Error) => error),
    );
    const started = performance.now();
    expect(await lookUp("photos.test")).toHaveLength(2);
    // Whatever else the process looks up or reads uses the threads that the system's resolver would hold.
    expect((await lookup("127.0.0.1")).address).toBe("127.0.0.1");
    expect((await guard.send({ ...limits, url: `http://here.test:${pages.port}/` })).body.toString()).toBe("here");
    expect(performance.now() - started).toBeLessThan(3000);
    for (const end of await Promise.all(silent)) expect(end).toMatchObject({ name: "EgressError" });
    await pages.stop();
  });
});
