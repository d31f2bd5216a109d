import type { AnalysisResult, Batch, BatchLine, Job, MatchResult, Upload, WebhookSecret } from "@facefleet/contracts";
import type { ObjectStore } from "@facefleet/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisWrite } from "./support/append-only-file.js";
import { bucketsOf } from "./support/buckets.js";
import { Deployment } from "./support/deployment.js";
import { expectEventually } from "./support/eventually.js";
import { TenantClient } from "./support/tenant-client.js";
import { portrait, twoPortraits } from "./support/test-data.js";
import { embeddingTraces, imageTraces, resultTraces, secretTrace, type Trace, tracesIn } from "./support/traces.js";
import { answering, inTurn, WebhookReceiver } from "./support/webhook-receiver.js";

/** Where results are kept, until they expire. */
const isResult = ({ key }: RedisWrite) => /:outcome:|:batch:[^:]+:lines:/.test(key);
/** Where what is signed with is kept. */
const isSecret = ({ key }: RedisWrite) => key.endsWith(":webhook-secrets");
const metadata = { patient: "Ada Lovelace" };

describe("of faces and secrets", () => {
  let deployment: Deployment;
  let buckets: ObjectStore;
  let receiver: WebhookReceiver;
  let webhook: { url: string };
  let tenant: TenantClient;
  let biometric: Trace[];
  let secrets: Trace[];
  let writes: RedisWrite[];

  beforeAll(async () => {
    deployment = await Deployment.start({ LOG_LEVEL: "trace", ANALYSIS_CACHE_TTL: "600" });
    buckets = bucketsOf(deployment.info);
    receiver = await WebhookReceiver.start(inTurn(answering(500), answering(204)));
    webhook = { url: `${receiver.url}/Ab3xPath?key=querysecret` };
    tenant = new TenantClient(deployment.info, "acme", 0);
    const images = { portrait: await portrait(), pair: await twoPortraits() };
    for (const [name, bytes] of Object.entries(images)) {
      await buckets.put({ bucket: "photos", key: `${name}.png` }, bytes, { maxBytes: 1e8 });
    }
    const upload = await uploaded(images.portrait);
    const results = await runAll(upload.id, images.portrait);
    biometric = [
      ...Object.entries(images).flatMap(([name, bytes]) => imageTraces(name, bytes)),
      ...results.flatMap((result, index) => resultTraces(`result ${index}`, result)),
    ];
    secrets = [
      ...Object.entries(deployment.info.keys).map(([name, key]) => secretTrace(`the key of ${name}`, key)),
      secretTrace("the webhook secret", await webhookSecret()),
      secretTrace("an upload's signature", new URL(upload.url).searchParams.get("X-Amz-Signature")!),
      secretTrace("a receiver's path", "Ab3xPath"),
      secretTrace("a query", "querysecret"),
    ];
    writes = await deployment.redis.writes();
  });

  afterAll(async () => {
    await buckets?.close();
    await receiver?.stop();
    await deployment?.stop();
  });

  const s3 = (key: string) => ({ s3: { bucket: "photos", key } });

  async function uploaded(bytes: Buffer): Promise<Upload> {
    const asked = { contentType: "image/png", size: bytes.length };
    const upload = await tenant.post<Upload>("/v1/uploads", asked);
    await fetch(upload.url, { method: "PUT", headers: upload.headers, body: Uint8Array.from(bytes) });
    return upload;
  }

  async function webhookSecret(): Promise<string> {
    const { secret } = await tenant.get<WebhookSecret>("/v1/webhook-secret");
    return secret.replace("whsec_", "");
  }

  /** Everything that a fleet does with faces. Resolves to all that it found, once each end has been announced. */
  async function runAll(upload: string, image: Buffer): Promise<Pick<AnalysisResult, "faces">[]> {
    const job = { webhook, metadata };
    const base64 = { embeddingFormat: "base64" };
    const jobs = [
      await tenant.sendImage<Job>("/v1/jobs", image, { task: "embed", ...job }),
      await tenant.post<Job>("/v1/jobs", { task: "embed", image: { upload }, options: base64, ...job }),
      await tenant.post<Job>("/v1/jobs", { task: "embed", image: s3("pair.png"), ...job }, { "idempotency-key": "i" }),
      await tenant.post<Job>("/v1/jobs", { task: "verify", images: [s3("portrait.png"), s3("pair.png")], ...job }),
      await tenant.post<Job>("/v1/jobs", { task: "embed", image: { data: image.toString("base64") }, ...job }),
      await tenant.post<Job>("/v1/jobs", { task: "embed", image: { url: `${receiver.url}?key=querysecret` }, ...job }),
    ];
    const items = [s3("portrait.png"), s3("pair.png"), s3("absent.png")];
    const batch = await tenant.post<Batch>("/v1/batches", { task: "embed", items, ...job });
    const ended = await Promise.all(jobs.map(({ links }) => tenant.get<Job>(`${links.self}?wait=30`)));
    expect(ended.map(({ state }) => state)).toEqual([...Array(5).fill("succeeded"), "failed"]);
    const results: Pick<AnalysisResult, "faces">[] = ended.flatMap(({ result }) =>
      result && "faces" in result ? [result] : [],
    );
    const embedding = results[0]!.faces[0]!.embedding as number[];
    await refusedComparison(embedding);
    const compared = { probe: { data: image.toString("base64") }, gallery: [{ embedding }, s3("pair.png")] };
    const match = await tenant.post<Job>("/v1/jobs", { task: "match", ...compared, ...job });
    const { result: matched } = await tenant.get<Job>(`${match.links.self}?wait=30`);
    results.push({ faces: [(matched as MatchResult).probe.face!] });
    const analysed = await tenant.post<AnalysisResult>("/v1/analyse", { task: "embed", image: s3("pair.png") });
    results.push(analysed);
    const lines = await linesOf(batch);
    await expectEventually(async () =>
      expect(await announcements([...jobs, match], batch)).toEqual(Array(8).fill("delivered")),
    );
    return [...results, ...lines.flatMap(({ result }) => (result ? [result as AnalysisResult] : []))];
  }

  /** A request that is refused, with an embedding in it. */
  async function refusedComparison(embedding: number[]): Promise<void> {
    const body = JSON.stringify({ embedding1: embedding, embedding2: [...embedding.slice(1), "x"] });
    const headers = { "content-type": "application/json" };
    expect((await tenant.send("POST", "/compare-faces", { body, headers })).status).toBe(400);
  }

  async function linesOf({ links }: Batch): Promise<BatchLine[]> {
    await expectEventually(async () => expect((await tenant.get<Batch>(links.self)).finishedAt).toBeDefined());
    const text = await tenant.text(links.results);
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as BatchLine);
  }

  async function announcements(jobs: readonly Job[], batch: Batch) {
    const looks = [...jobs, batch].map(({ links }) => tenant.get<Job | Batch>(links.self));
    return (await Promise.all(looks)).map(({ webhook: announced }) => announced?.state);
  }

  it("all can be found where it belongs, by the same search", async () => {
    const results = writes.filter(isResult);
    expect(results.length).toBeGreaterThan(0);
    const found = tracesIn(results.map(({ text }) => text).join("\n"), biometric);
    const readable = biometric.map(({ what }) => what).filter((what) => !what.startsWith("bytes of"));
    // The second result has its embedding in base64.
    expect(found).toEqual(expect.arrayContaining([...readable, "bytes of embedding 0 of result 1"]));
    const image = JSON.stringify((await portrait()).toJSON());
    expect(tracesIn(image, biometric)).toEqual(["bytes of portrait"]);
    const kept = writes.filter(isSecret).map(({ text }) => text);
    expect(tracesIn(kept.join("\n"), secrets)).toEqual(["the webhook secret"]);
  });

  it("a search finds every form of an embedding", () => {
    const numbers = Array.from({ length: 512 }, (_, index) => Math.sin(index + 1) / 20);
    const bytes = Buffer.from(Float32Array.from(numbers).buffer);
    const traces = embeddingTraces("one", numbers);
    const forms = [
      JSON.stringify({ nested: JSON.stringify(numbers) }),
      numbers.map((number) => number.toFixed(8)).join(" "),
      bytes.toString("base64"),
      bytes.toString("hex"),
      bytes.toString("latin1"),
    ];
    for (const form of forms) expect(tracesIn(`some ${form} text`, traces), form).toHaveLength(1);
    expect(tracesIn("no 0.123456 numbers", traces)).toEqual([]);
  });

  it("nothing is in what the processes write, at the level of traces", () => {
    const { output } = deployment;
    expect(output).toContain('"level":20');
    expect(output).toContain("webhook sent");
    expect(tracesIn(output, [...biometric, ...secrets, secretTrace("metadata", metadata.patient)])).toEqual([]);
  });

  it("nothing is in a metric", async () => {
    for (const url of deployment.metricsUrls) {
      const text = await (await fetch(url)).text();
      expect(text).toContain("facefleet_");
      expect(tracesIn(text, [...biometric, ...secrets, secretTrace("metadata", metadata.patient)])).toEqual([]);
    }
  });

  it("nothing is in a webhook", () => {
    const bodies = receiver.received.map(({ body }) => body).filter((body) => body !== "");
    expect(new Set(bodies.map((body) => JSON.parse(body).data.id)).size).toBe(8);
    for (const body of bodies) expect(tracesIn(body, [...biometric, ...secrets])).toEqual([]);
  });

  it("nothing is in the queues, in their events, or in anything else that Redis was ever told", () => {
    const others = writes.filter((write) => !isResult(write));
    for (const [command, key] of [
      ["HMSET", /:faces:/],
      ["XADD", /:events$/],
      ["RPUSH", /:outbox$/],
      ["HSET", /:event:/],
    ] as const) {
      expect(
        others.some((write) => write.command === command && key.test(write.key)),
        command,
      ).toBe(true);
    }
    const leaks = others.flatMap((write) => tracesIn(write.text, biometric).map((what) => [write.key, what]));
    expect(leaks).toEqual([]);
    const keys = secrets.filter(({ what }) => what.startsWith("the key of") || what.startsWith("an upload"));
    expect(tracesIn(writes.map(({ text }) => text).join("\n"), keys)).toEqual([]);
    const signing = secrets.filter(({ what }) => what === "the webhook secret");
    expect(others.filter((write) => !isSecret(write) && tracesIn(write.text, signing).length > 0)).toEqual([]);
  });
});
