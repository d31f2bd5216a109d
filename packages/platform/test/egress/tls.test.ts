import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EgressGuard } from "../../src/egress/index.js";
import { selfSigned } from "../self-signed.js";
import { type LoopbackServer, startServer } from "./loopback-server.js";

const limits = { method: "GET", maxBytes: 1000, onTooLong: "fail", timeoutMs: 5000, maxRedirects: 1 } as const;

describe("https", () => {
  let server: LoopbackServer;
  let certificate: string;
  beforeAll(async () => {
    const { key, cert } = await selfSigned("photos.test");
    certificate = cert;
    server = await startServer(
      ({ url, headers, socket }, response) => {
        if (url !== "/") response.writeHead(302, { location: `http://photos.test:${server.port}/` }).end();
        else
          response.end(JSON.stringify({ name: (socket as TLSSocket & { servername: string }).servername, ...headers }));
      },
      { key, cert },
    );
  });
  afterAll(() => server.stop());

  const guardTrusting = (ca?: string) =>
    new EgressGuard({ allow: ["127.0.0.1"], lookUp: async () => ["127.0.0.1"], ...(ca && { ca }) });
  const url = (host: string, path = "/") => `https://${host}:${server.port}${path}`;

  it("names the host, though it connects to an address", async () => {
    const answer = await guardTrusting(certificate).send({ ...limits, url: url("photos.test") });
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      name: "photos.test",
      host: `photos.test:${server.port}`,
    });
  });

  it.each([
    ["another name", "other.test"],
    ["an address", "127.0.0.1"],
  ])("refuses a certificate that is not for the host: %s", async (_, host) => {
    const sent = guardTrusting(certificate).send({ ...limits, url: url(host) });
    await expect(sent).rejects.toMatchObject({
      failure: "tls",
      cause: { code: "ERR_TLS_CERT_ALTNAME_INVALID" },
    });
  });

  it("refuses a certificate that nobody vouches for", async () => {
    const sent = guardTrusting().send({ ...limits, url: url("photos.test") });
    await expect(sent).rejects.toMatchObject({
      failure: "tls",
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
  });

  it("is not spoken by everyone who listens", async () => {
    const plain = await startServer((_, response) => response.end());
    const sent = guardTrusting(certificate).send({ ...limits, url: `https://photos.test:${plain.port}/` });
    await expect(sent).rejects.toMatchObject({ failure: "tls" });
    await plain.stop();
  });

  it("is not left for http by a redirect", async () => {
    const before = server.connections();
    const sent = guardTrusting(certificate).send({ ...limits, url: url("photos.test", "/away") });
    await expect(sent).rejects.toMatchObject({ failure: "forbidden" });
    expect(server.connections()).toBe(before + 1);
  });
});
