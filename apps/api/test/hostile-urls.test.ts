import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";
import { form, imagePart, jobPart } from "./form.js";

const hosts = [
  "127.0.0.1",
  "2130706433",
  "0177.0.0.1",
  "0x7f.1",
  "127.1",
  "127.0.0.1.",
  "%31%32%37.0.0.1",
  "１２７.0.0.1",
  "localhost",
  "localhost.",
  "user:secret@photos.test",
  "photos.test:22",
  "10.0.0.1",
  "192.168.1.1",
  "100.64.0.1",
  "169.254.169.254",
  "0.0.0.0",
  "224.0.0.1",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::7f00:1]",
  "[64:ff9b::a9fe:a9fe]",
  "[2002:7f00:1::]",
  "[2001:0:7f00:1::]",
  "[fd00:ec2::254]",
  "[fe80::1]",
  "[fe80::1%25eth0]",
  "256.256.256.256",
];

describe("addresses that the service may not connect to", () => {
  let api: ApiRig;
  beforeAll(async () => {
    api = await startApi({ EGRESS_ALLOW: "10.9.0.0/16, photos.internal" });
  });
  afterAll(() => api.close());

  const submit = (payload: object): InjectOptions => ({ method: "POST", url: "/v1/jobs", payload });
  const batch = (payload: object): InjectOptions => ({
    method: "POST",
    url: "/v1/batches",
    payload: { task: "detect", ...payload },
  });

  it.each(hosts)("are refused at submission: %s", async (host) => {
    const url = `http://${host}/latest/meta-data?token=hush`;
    const requests = [
      submit({ task: "detect", image: { url } }),
      submit({ task: "verify", images: [{ url: "https://photos.test/a.jpg" }, { url }] }),
      submit({ task: "detect", image: { url: "https://photos.test/a.jpg" }, webhook: { url } }),
      batch({ items: [{ url: "https://photos.test/a.jpg" }, { url }] }),
      batch({ items: [{ url: "https://photos.test/a.jpg" }], webhook: { url } }),
      form("/v1/jobs", [imagePart(), jobPart({ task: "detect", webhook: { url } })]),
    ];
    for (const request of requests) {
      const answer = await api.inject(request);
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ code: "url_forbidden", retryable: false });
      expect(answer.body).not.toMatch(/hush|secret/);
    }
    expect(await api.jobs.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    expect(await api.registeredUploads()).toEqual([]);
  });

  it.each(["ftp://photos.test/a.jpg", "file:///etc/passwd", "data:image/png;base64,iVBORw0KGgo=", "photos.test"])(
    "%s is no URL of an image",
    async (url) => {
      const answer = await api.inject(submit({ task: "detect", image: { url } }));
      expect(answer.json()).toMatchObject({ status: 400, code: "invalid_request" });
    },
  );

  it.each(["https://photos.test/a.jpg?b=c", "http://10.9.1.1:8080/a.jpg", "http://photos.internal/a.jpg"])(
    "%s is taken",
    async (url) => {
      const answer = await api.inject(submit({ task: "detect", image: { url } }));
      expect(answer.statusCode).toBe(202);
      await api.inject({ method: "DELETE", url: answer.json().links.self });
    },
  );
});
