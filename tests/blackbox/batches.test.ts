import { randomUUID } from "node:crypto";
import type { Batch, BatchLine, BatchList, Upload, WebhookSecret } from "@facefleet/contracts";
import type { ObjectStore } from "@facefleet/platform";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectEventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { answering, inTurn, verified, WebhookReceiver } from "../support/webhook-receiver.js";
import { Caller, expectProblem } from "./caller.js";
import { forbiddenUrls, foreignSchemes } from "./forbidden-urls.js";
import { openBuckets } from "./s3-objects.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);
const globex = new Caller("globex");
const narrow = new Caller("narrow");

const s3 = (key: string, bucket = "photos") => ({ s3: { bucket, key } });
const face = s3("batches/face.png");
const blank = s3("batches/blank.png");
const absent = s3("batches/absent.png");
const broken = s3("batches/broken.png");

async function submitted(request: Record<string, unknown>, caller = acme): Promise<Batch> {
  const answer = await caller.post<Batch>("/v1/batches", { task: "detect", ...request });
  expect(answer.status, answer.text).toBe(202);
  expect(answer.headers.get("location")).toBe(answer.body.links.self);
  return answer.body;
}

async function ended(request: Record<string, unknown>): Promise<Batch> {
  return acme.endedBatch((await submitted(request)).id);
}

const refused = (request: Record<string, unknown>, caller = acme) =>
  caller.post("/v1/batches", { task: "detect", ...request });

/** An answer but for the batch's and the request's ids. */
const withoutIds = (text: string) => text.replaceAll(/b[0-9a-f]{32}|[0-9a-f-]{36}/g, "");

const ndjson = (text: string) => text.split("\n").flatMap((line) => (line ? [JSON.parse(line) as BatchLine] : []));

describe("a batch", () => {
  let buckets: ObjectStore;
  let receiver: WebhookReceiver | undefined;

  beforeAll(async () => {
    buckets = openBuckets();
    const create = { width: 24, height: 24, channels: 3, background: "#777" } as const;
    await store(face.s3.key, await portrait());
    await store(blank.s3.key, await sharp({ create }).png().toBuffer());
    await store(broken.s3.key, Buffer.from("no image"));
  });

  afterAll(async () => {
    await buckets?.close();
    await receiver?.stop();
  });

  async function store(key: string, bytes: Uint8Array | string, bucket = "photos"): Promise<void> {
    await buckets.put({ bucket, key }, Buffer.from(bytes), { maxBytes: 1e8 });
  }

  async function stored(bucket: string, prefix: string): Promise<[key: string, text: string][]> {
    const { keys } = await buckets.list({ bucket, prefix }, { limit: 1000 });
    const read = async (key: string) => (await buckets.get({ bucket, key }, { maxBytes: 1e9 })).toString();
    return Promise.all(keys.sort().map(async (key) => [key, await read(key)] as [string, string]));
  }

  describe("of items", () => {
    it("is answered 202, and has one line for each, in their order, failures included", async () => {
      const labels = [{ id: "a", metadata: { page: "1" } }, { id: "b" }];
      const items = [{ image: face, ...labels[0] }, { image: absent, ...labels[1] }, blank, broken, face];
      const batch = await submitted({ task: "embed", items, metadata: { album: "summer" }, resultTtlSeconds: 120 });
      const { id } = batch;
      const links = { self: `/v1/batches/${id}`, results: `/v1/batches/${id}/results` };
      expect(batch).toMatchObject({ task: "embed", state: "queued", progress: 0, links });
      expect(batch.counts).toEqual({ total: 5, queued: 5, active: 0, succeeded: 0, failed: 0, canceled: 0 });
      const end = await elsewhere.endedBatch(id);
      const counts = { total: 5, queued: 0, active: 0, succeeded: 3, failed: 2, canceled: 0 };
      expect(end).toMatchObject({ id, state: "finished", progress: 1, counts, metadata: { album: "summer" }, links });
      expect(Date.parse(end.expiresAt!) - Date.parse(end.finishedAt!)).toBe(120_000);

      const answer = await elsewhere.get(links.results);
      expect(answer.headers.get("content-type")).toMatch(/^application\/x-ndjson/);
      const lines = ndjson(answer.text);
      expect(lines.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
      expect(lines.map(({ image }) => image)).toEqual([face, absent, blank, broken, face]);
      expect(lines[0]).toMatchObject(labels[0]!);
      expect(lines[1]).toMatchObject(labels[1]!);
      expect(lines[2]).not.toHaveProperty("id");
      const listed = await elsewhere.get<BatchList>("/v1/batches?state=finished&limit=100");
      expect(listed.body.batches.find((one) => one.id === id)).toEqual(end);
      expect((await globex.get<BatchList>("/v1/batches?limit=100")).text).not.toContain(id);
      expect(lines.map(({ state }) => state)).toEqual(["succeeded", "failed", "succeeded", "failed", "succeeded"]);
      expect(lines[1]!.error).toMatchObject({ code: "image_not_found", status: 404 });
      expect(lines[3]!.error).toMatchObject({ code: "unsupported_image_format", status: 415 });
      expect(lines[2]!.result).toMatchObject({ faces: [] });
      for (const { result } of [lines[0]!, lines[4]!]) {
        expect(result).toMatchObject({ faces: [{ embedding: expect.any(Array), box: expect.any(Object) }] });
      }
    });

    it("runs each with its options", async () => {
      const { id } = await ended({ task: "embed", items: [face], options: { minFaceSize: 2000 } });
      expect(await acme.batchLines(id)).toMatchObject([{ state: "succeeded", result: { faces: [] } }]);
      const base64 = await ended({ task: "embed", items: [face], options: { embeddingFormat: "base64" } });
      expect(await acme.batchLines(base64.id)).toMatchObject([
        { result: { faces: [{ embedding: expect.any(String) }] } },
      ]);
    });

    it("takes uploads and deletes them, and knows no other tenant's", async () => {
      const image = await portrait();
      const asked = { contentType: "image/png", size: image.length };
      const [own, foreign] = await Promise.all([
        acme.post<Upload>("/v1/uploads", asked),
        globex.post<Upload>("/v1/uploads", asked),
      ]);
      for (const { body } of [own, foreign]) {
        const sent = await fetch(body.url, { method: "PUT", headers: body.headers, body: Uint8Array.from(image) });
        expect(sent.status).toBe(200);
      }
      const { id, counts } = await ended({ items: [{ upload: own.body.id }, { upload: foreign.body.id }] });
      expect(counts).toMatchObject({ succeeded: 1, failed: 1 });
      const [first, second] = await acme.batchLines(id);
      expect(first).toMatchObject({ state: "succeeded" });
      expect(second).toMatchObject({ state: "failed", error: { code: "upload_not_found" } });
      const uploads = async () => JSON.stringify(await stored(buckets.defaultBucket, "facefleet-own/uploads/"));
      await expectEventually(async () => expect(await uploads()).not.toContain(own.body.id));
      expect(await uploads()).toContain(foreign.body.id);
    });

    it("may have a thousand of them and no more", async () => {
      const most = await submitted({ items: Array.from({ length: 1000 }, () => absent) });
      expectProblem(await refused({ items: Array.from({ length: 1001 }, () => absent) }), 400, "invalid_request");
      expect((await acme.endedBatch(most.id)).counts).toMatchObject({ total: 1000, failed: 1000 });
      expect((await acme.batchLines(most.id)).map(({ index }) => index)).toEqual(
        Array.from({ length: 1000 }, (_, index) => index),
      );
    });
  });

  describe("of a manifest", () => {
    it("has each of its lines, one that is no reference fails alone", async () => {
      const named = { image: absent, id: "a", metadata: { page: "1" } };
      const lines = [JSON.stringify(blank), "no json", JSON.stringify({ s3: {} }), JSON.stringify(named)];
      await store("lists/mixed.ndjson", `${lines.join("\n")}\n\n`);
      const end = await ended({ manifest: s3("lists/mixed.ndjson") });
      expect(end).toMatchObject({ state: "finished", counts: { total: 4, succeeded: 1, failed: 3 } });
      const results = await acme.batchLines(end.id);
      const codes = results.map(({ error }) => error?.code);
      expect(codes).toEqual([undefined, "invalid_request", "invalid_request", "image_not_found"]);
      expect(results[3]).toMatchObject(named);
    });

    it("that is not there fails, and says why", async () => {
      const end = await ended({ manifest: s3("lists/absent.ndjson") });
      expect(end).toMatchObject({ state: "failed", error: { code: "image_not_found" }, counts: { total: 0 } });
      expect(await acme.batchLines(end.id)).toEqual([]);
    });

    it("of more than 100,000 images is refused before any is run", async () => {
      await store("lists/long.ndjson", `${JSON.stringify(absent)}\n`.repeat(100_001));
      const end = await ended({ manifest: s3("lists/long.ndjson") });
      expect(end).toMatchObject({ state: "failed", error: { code: "batch_too_large" }, counts: { failed: 0 } });
      expect(await acme.batchLines(end.id)).toHaveLength(end.counts.total);
    });

    it("does not reach what the tenant may not", async () => {
      const references = [
        blank,
        s3("a.png", "results"),
        s3("a.png", "secrets"),
        s3(`uploads/${"0".repeat(32)}`, buckets.defaultBucket),
        { url: "http://169.254.169.254/latest/" },
      ];
      await store("lists/foreign.ndjson", references.map((line) => `${JSON.stringify(line)}\n`).join(""));
      const { id } = await submitted({ manifest: s3("lists/foreign.ndjson") }, narrow);
      await narrow.endedBatch(id);
      const codes = (await narrow.batchLines(id)).map(({ error }) => error?.code);
      const forbidden = ["bucket_forbidden", "bucket_forbidden", "bucket_forbidden"];
      expect(codes).toEqual([undefined, ...forbidden, "url_forbidden"]);
    });
  });

  describe("of a prefix", () => {
    it("is every object below it", async () => {
      for (const key of ["below/a.png", "below/b/c.png", "below.png"]) await store(key, "no image");
      const end = await ended({ prefix: { s3: { bucket: "photos", prefix: "below/" } } });
      expect(end.counts).toMatchObject({ total: 2, failed: 2 });
      expect((await acme.batchLines(end.id)).map(({ image }) => image)).toEqual([
        s3("below/a.png"),
        s3("below/b/c.png"),
      ]);
    });

    it("with nothing below it is finished at once", async () => {
      const end = await ended({ prefix: { s3: { bucket: "photos", prefix: "nothing/" } } });
      expect(end).toMatchObject({ state: "finished", progress: 1, counts: { total: 0 } });
      expect(await acme.batchLines(end.id)).toEqual([]);
    });
  });

  it("with an output has the same lines there, in parts", async () => {
    await store("lists/parts.ndjson", Array.from({ length: 600 }, () => `${JSON.stringify(absent)}\n`).join(""));
    const output = { s3: { bucket: "results", prefix: "mine" } };
    const end = await ended({ manifest: s3("lists/parts.ndjson"), output });
    expect(end).toMatchObject({ state: "finished", output });
    const parts = await stored("results", `mine/${end.id}/`);
    expect(parts.map(([key]) => key.slice(`mine/${end.id}/`.length))).toEqual([
      "part-00000.ndjson",
      "part-00001.ndjson",
    ]);
    const { text } = await acme.get(end.links.results);
    expect(parts.map(([, part]) => part).join("")).toBe(text);
    expect(ndjson(text).map(({ index }) => index)).toEqual(Array.from({ length: 600 }, (_, index) => index));
  });

  describe("that is not over", () => {
    it("shows how far it is, and DELETE cancels what is left", async () => {
      receiver = await WebhookReceiver.start(() => undefined);
      const hanging = { url: receiver.url };
      const { id, links } = await submitted({ items: [blank, absent, hanging, blank] });
      await expectEventually(async () => {
        const { body } = await elsewhere.get<Batch>(links.self);
        expect(body.counts).toMatchObject({ total: 4, queued: 0, active: 1, succeeded: 2, failed: 1 });
      });
      const { body } = await acme.get<Batch>(links.self);
      expect(body).toMatchObject({ state: "active", progress: 0.75 });
      expect(body).not.toHaveProperty("finishedAt");
      expect((await acme.batchLines(id)).map(({ index }) => index)).toEqual([0, 1, 3]);

      expect((await elsewhere.delete(links.self)).status).toBe(204);
      const end = await acme.endedBatch(id);
      expect(end.state).toBe("canceled");
      expect(end.counts).toEqual({ total: 4, queued: 0, active: 0, succeeded: 2, failed: 1, canceled: 1 });
      const lines = await acme.batchLines(id);
      expect(lines.map(({ state }) => state)).toEqual(["succeeded", "failed", "canceled", "succeeded"]);
    });

    it("does not hold up another tenant's job", async () => {
      const { links } = await submitted({ task: "embed", items: Array.from({ length: 300 }, () => face) });
      const job = await globex.finished(globex.post("/v1/jobs", { task: "detect", image: face }));
      expect(job.state).toBe("succeeded");
      const { body } = await acme.get<Batch>(links.self);
      expect(body.counts.succeeded).toBeLessThan(300);
      expect((await acme.delete(links.self)).status).toBe(204);
    });
  });

  it("is retried where items failed: once what they lacked is there, they succeed, and its end is announced anew", async () => {
    const late = s3(`batches/late-${randomUUID()}.png`);
    const told = await WebhookReceiver.start(answering(200));
    const { id, links } = await ended({ items: [blank, { image: late, id: "late" }], webhook: { url: told.url } });
    const [first, failed] = await acme.batchLines(id);
    expect(failed).toMatchObject({ id: "late", state: "failed", error: { code: "image_not_found" } });
    await store(late.s3.key, await portrait());
    const path = `${links.self}/retry`;
    const answers = await Promise.all([acme, elsewhere, acme].map((caller) => caller.post<Batch>(path)));
    const retried = answers.filter(({ status }) => status === 202);
    expect(retried).toHaveLength(1);
    expect(retried[0]!.body).toMatchObject({ id, retries: 1, counts: { failed: 0 } });
    for (const answer of answers) if (answer !== retried[0]) expectProblem(answer, 409, "batch_not_repeatable");
    expect(await acme.endedBatch(id)).toMatchObject({ state: "finished", counts: { succeeded: 2, failed: 0 } });
    const lines = await elsewhere.batchLines(id);
    expect(lines).toMatchObject([first!, { id: "late", state: "succeeded", result: { faces: [{}] } }]);
    expectProblem(await acme.post(path), 409, "batch_not_repeatable");
    expectProblem(await globex.post(path), 404, "batch_not_found");
    await expectEventually(async () => expect(told.received).toHaveLength(2));
    expect(new Set(told.received.map(({ headers }) => headers["webhook-id"])).size).toBe(2);
    await told.stop();
  });

  it("that is over is erased by DELETE, again and again, with its results", async () => {
    const { id, links } = await ended({ items: [blank] });
    const own = () => stored(buckets.defaultBucket, `facefleet-own/batches/${id}-`);
    expect(await own()).toHaveLength(1);
    expect((await acme.delete(links.self)).status).toBe(204);
    expect(await own()).toEqual([]);
    for (const path of [links.self, links.results]) expectProblem(await acme.get(path), 404, "batch_not_found");
    expect((await acme.delete(links.self)).status).toBe(204);
  });

  describe("announces its end", () => {
    it.each([
      ["finished", { items: [blank, absent] }, { total: 2, succeeded: 1, failed: 1 }],
      ["failed", { manifest: s3("lists/absent.ndjson") }, { total: 0, succeeded: 0, failed: 0 }],
    ])("as batch.finished when it is %s", async (state, source, counts) => {
      const hook = await WebhookReceiver.start(inTurn(answering(500), answering(204)));
      const batch = await submitted({ ...source, webhook: { url: hook.url }, metadata: { album: "winter" } });
      expect(batch.webhook).toEqual({ state: "waiting", attempts: 0 });
      const end = await acme.endedBatch(batch.id);
      await expectEventually(() => expect(hook.received).toHaveLength(2));
      await expectEventually(async () => {
        expect((await acme.get<Batch>(batch.links.self)).body.webhook).toEqual({ state: "delivered", attempts: 2 });
      });
      await hook.stop();
      const { secret } = (await acme.get<WebhookSecret>("/v1/webhook-secret")).body;
      const { id, links } = batch;
      for (const received of hook.received) {
        expect(verified(received, secret)).toEqual({
          type: "batch.finished",
          timestamp: end.finishedAt,
          data: { id, task: "detect", state, counts: end.counts, metadata: { album: "winter" }, links },
        });
      }
      expect(end.counts).toMatchObject(counts);
      expect(new Set(hook.ids).size).toBe(1);
    });
  });

  it("of another tenant is like one that never was", async () => {
    const { id, links } = await ended({ items: [blank] });
    const never = `/v1/batches/b${"0".repeat(32)}`;
    for (const [method, suffix] of [
      ["GET", ""],
      ["GET", "/results"],
      ["DELETE", ""],
    ] as const) {
      const foreign = await globex.call(method, links.self + suffix);
      const unknown = await globex.call(method, never + suffix);
      for (const answer of [foreign, unknown, await globex.call(method, `/v1/batches/1${suffix}`)]) {
        expectProblem(answer as never, 404, "batch_not_found");
      }
      expect(withoutIds(foreign.text)).toBe(withoutIds(unknown.text));
    }
    expect(await acme.batchLines(id)).toHaveLength(1);
  });

  describe("with an idempotency key", () => {
    it("is one batch, also when it is asked for at both processes at once, and after its end", async () => {
      const key = { "idempotency-key": randomUUID() };
      const request = { task: "detect", items: [blank, absent] };
      const ask = (caller: Caller) => caller.post<Batch>("/v1/batches", request, key);
      const answers = await Promise.all([ask(acme), ask(elsewhere), ask(acme), ask(elsewhere)]);
      const [id, ...others] = new Set(answers.map(({ body }) => body.id));
      expect(others).toEqual([]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 202]);
      await acme.endedBatch(id!);
      expect(await ask(acme)).toMatchObject({ status: 200, body: { id, state: "finished" } });
      await acme.delete(`/v1/batches/${id}`);
      expect(await ask(elsewhere)).toMatchObject({ status: 200, body: { id } });
      const other = await acme.post("/v1/batches", { ...request, items: [blank] }, key);
      expectProblem(other, 409, "idempotency_conflict");
      const foreign = await globex.post<Batch>("/v1/batches", request, key);
      expect(foreign.status).toBe(202);
      expect(foreign.body.id).not.toBe(id);
    });

    it("of another length than 1 to 255 is refused", async () => {
      const request = { task: "detect", items: [absent] };
      const key = "k".repeat(256);
      expectProblem(await acme.post("/v1/batches", request, { "idempotency-key": key }), 400, "invalid_request");
      expect((await acme.post("/v1/batches", request, { "idempotency-key": key.slice(1) })).status).toBe(202);
    });
  });

  describe("is refused", () => {
    it.each<[string, Record<string, unknown>]>([
      ["no source", {}],
      ["two sources", { items: [blank], prefix: { s3: { bucket: "photos", prefix: "" } } }],
      ["no items", { items: [] }],
      ["an item that is no reference", { items: [{ s3: { bucket: "photos" } }] }],
      ["an item of two references", { items: [{ ...blank, url: "https://photos.example/" }] }],
      ["a manifest that is none", { manifest: { url: "https://photos.example/" } }],
      ["a task of two images", { task: "verify", items: [blank] }],
      ["no such task", { task: "guess", items: [blank] }],
      ["an option that there is not", { items: [blank], options: { colour: true } }],
      ["an option out of range", { items: [blank], options: { minConfidence: 2 } }],
      ["a field that there is not", { items: [blank], priorty: "low" }],
      ["an output that is no place", { items: [blank], output: { url: "https://photos.example/" } }],
      ["a result that lives too short", { items: [blank], resultTtlSeconds: 59 }],
      ["a result that lives too long", { items: [blank], resultTtlSeconds: 604_801 }],
      ["metadata that is no text", { items: [blank], metadata: { album: 1 } }],
      [
        "too much metadata",
        { items: [blank], metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ""])) },
      ],
    ])("with %s", async (_, request) => {
      expectProblem(await refused(request), 400, "invalid_request");
    });

    it("and told where the fault is", async () => {
      const answer = await refused({ items: [blank, { s3: { bucket: "photos", key: 5 } }], options: { maxFaces: 0 } });
      const paths = answer.body.errors?.map(({ path }) => path);
      expect(paths?.sort()).toEqual(["/items/1/s3/key", "/options/maxFaces"]);
      const twice = await refused({ items: [{ image: blank, id: "a" }, blank, { image: face, id: "a" }] });
      expectProblem(twice, 400, "invalid_request");
      expect(twice.body.errors).toMatchObject([{ path: "/items/2/id" }]);
    });

    it("with what is no JSON, and without a key", async () => {
      const headers = { "content-type": "application/json" };
      const answer = await acme.call("POST", "/v1/batches", { text: "{", headers });
      expectProblem(answer as never, 400, "malformed_json");
      const body = JSON.stringify({ task: "detect", items: [blank] });
      const stranger = await fetch(`${acme.url}/v1/batches`, { method: "POST", headers, body });
      expect([stranger.status, await stranger.json()]).toMatchObject([401, { code: "unauthorized" }]);
    });

    it("where it names buckets that are closed, or closed to its tenant", async () => {
      const places = (bucket: string) => [
        { items: [s3("a.png", bucket)] },
        { items: [blank, s3("a.png", bucket)] },
        { manifest: s3("a.ndjson", bucket) },
        { prefix: { s3: { bucket, prefix: "" } } },
        { items: [blank], output: { s3: { bucket, prefix: "" } } },
      ];
      for (const request of places("secrets")) expectProblem(await refused(request), 403, "bucket_forbidden");
      for (const request of places("results")) expectProblem(await refused(request, narrow), 403, "bucket_forbidden");
      for (const request of places("photos")) expect((await refused(request, narrow)).status).toBe(202);
      const own = { bucket: buckets.defaultBucket };
      expectProblem(
        await refused({ items: [s3("batches/b1/part-00000.ndjson", own.bucket)] }),
        403,
        "bucket_forbidden",
      );
      expectProblem(await refused({ prefix: { s3: { ...own, prefix: "uploads/" } } }), 403, "bucket_forbidden");
      expectProblem(
        await refused({ items: [blank], output: { s3: { ...own, prefix: "batches/" } } }),
        403,
        "bucket_forbidden",
      );
    });

    it("where an image's address may not be connected to, or is none", async () => {
      const items = (url: string) => ({ items: [blank, { url }] });
      for (const url of forbiddenUrls) expectProblem(await refused(items(url)), 403, "url_forbidden");
      for (const url of foreignSchemes) expectProblem(await refused(items(url)), 400, "invalid_request");
    });
  });
});
