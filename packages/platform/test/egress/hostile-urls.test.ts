import { channel } from "node:diagnostics_channel";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { EgressGuard } from "../../src/egress/index.js";
import { hostileAddresses, hostileNames, hostileUrls } from "./hostile-urls.js";
import { type LoopbackServer, startServer } from "./loopback-server.js";

const limits = { method: "GET", maxBytes: 100, onTooLong: "fail", timeoutMs: 5000, maxRedirects: 3 } as const;
const lookUp = async (host: string) => hostileNames[host] ?? ["127.0.0.1"];

describe("hostile URLs", () => {
  let server: LoopbackServer;
  let sockets = 0;
  const countSocket = () => {
    sockets++;
  };
  const there = (url: string) => url.replaceAll("PORT", String(server.port));
  const request = (url: string) => ({ ...limits, url: there(url) });

  beforeAll(async () => {
    server = await startServer((_, response) => response.end("secret"));
    // Node tells of every socket that begins to connect, wherever it leads.
    channel("net.client.socket").subscribe(countSocket);
  });
  afterAll(async () => {
    channel("net.client.socket").unsubscribe(countSocket);
    await server.stop();
  });
  beforeEach(() => {
    sockets = 0;
  });

  it("would be counted if one were connected", async () => {
    const open = new EgressGuard({ allow: ["127.0.0.1"], lookUp });
    await open.send(request("http://photos.test:PORT/"));
    expect([sockets, server.connections()]).toEqual([1, 1]);
  });

  it("are many", () => {
    expect(new Set(hostileUrls).size).toBe(hostileUrls.length);
    expect(hostileUrls.length).toBeGreaterThan(150);
  });

  it.each(hostileUrls)("%j is refused and not connected to", async (url) => {
    const before = server.connections();
    const guard = new EgressGuard({ lookUp });
    await expect(guard.send(request(url))).rejects.toMatchObject({ name: "EgressError", failure: "forbidden" });
    expect([sockets, server.connections()]).toEqual([0, before]);
  });

  it.each(hostileUrls)("%j is refused although private networks are opened", async (url) => {
    const guard = new EgressGuard({ allow: ["10.9.0.0/16", "photos.internal"], lookUp });
    await expect(guard.send(request(url))).rejects.toMatchObject({ failure: "forbidden" });
    expect(sockets).toBe(0);
  });

  it.each(Object.values(hostileAddresses).flat())("%s is refused at once, in every form", (host) => {
    const guard = new EgressGuard({
      lookUp: () => {
        throw new Error("Expected no look-up");
      },
    });
    const problem = expect.objectContaining({ code: "url_forbidden", status: 403, retryable: false });
    expect(() => guard.assertAllowed(`http://${host}/a.jpg`)).toThrow(problem);
    expect(() => guard.assertAllowed(`https://${host}:8443/a.jpg`)).toThrow(problem);
  });

  it.each([
    "http://127.0.0.2:PORT/",
    "http://2130706434:PORT/",
    "//127.0.0.2:PORT/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://metadata.google.internal/",
    "http://mixed-families.test:PORT/",
    "http://user:secret@photos.test:PORT/",
    "http://photos.test:22/",
    "ftp://photos.test/",
    "file:///etc/passwd",
    "data:image/png;base64,iVBORw0KGgo=",
    "gopher://127.0.0.1:PORT/",
  ])("a redirect to %s is refused and not connected to", async (location) => {
    const start = await startServer((_, response) => response.writeHead(302, { location: there(location) }).end());
    const guard = new EgressGuard({ allow: ["127.0.0.1"], lookUp });
    const sent = guard.send({ ...limits, url: `http://photos.test:${start.port}/` });
    await expect(sent).rejects.toMatchObject({ failure: "forbidden" });
    expect([sockets, start.connections()]).toEqual([1, 1]);
    await start.stop();
  });
});
