import type { ApiKeysFile, Batch, Job, Upload } from "@facefleet/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";
import { pixels } from "./form.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

const image = { s3: { bucket: "photos", key: "a.jpg" } };
/** A look each second, and time to spare for a loaded machine. */
const soon = { interval: 50 };

let file: KeysFile;
let api: ApiRig;
let address: string;
let revoked: KeyHolder;
let other: KeyHolder;

beforeEach(async () => {
  file = await KeysFile.create();
  revoked = new KeyHolder("acme");
  other = new KeyHolder("umbrella");
  await file.replace(keysOf(revoked, other));
  api = await startApi({ API_KEYS_FILE: file.path });
  address = await api.app.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  await api.close();
  await file.remove();
});

const ask = ({ headers }: KeyHolder, path: string, signal?: AbortSignal) =>
  fetch(`${address}${path}`, { headers, ...(signal && { signal }) });

async function post<T>({ headers }: KeyHolder, url: string, payload: object): Promise<T> {
  return (await api.inject({ method: "POST", url, payload, headers })).json<T>();
}

/** Resolves to how a stream ended. */
async function endOf(answer: Response): Promise<"whole" | "cut"> {
  try {
    for await (const _ of answer.body!);
    return "whole";
  } catch {
    return "cut";
  }
}

it("end the streams that they have asked for, and no other key's", async () => {
  const over = new AbortController();
  const watch = async (holder: KeyHolder) => {
    const { links } = await post<Job>(holder, "/v1/jobs", { task: "detect", image });
    const answer = await ask(holder, links.events, over.signal);
    expect(answer.status).toBe(200);
    return answer;
  };
  const [cut, kept] = await Promise.all([watch(revoked), watch(other)]);
  const isCut = endOf(cut);
  const keptEnds = endOf(kept);
  await file.replace(keysOf(other));
  expect(await isCut).toBe("cut");
  expect(await Promise.race([keptEnds, "goes on"])).toBe("goes on");
  expect((await ask(revoked, "/v1/jobs")).status).toBe(401);
  over.abort();
  expect(await keptEnds).toBe("cut");
});

it("are refused, and end what they have asked for, while their tenant is suspended", async () => {
  const { links } = await post<Job>(revoked, "/v1/jobs", { task: "detect", image });
  const stream = await ask(revoked, links.events);
  const before = keysOf(revoked, other);
  const { tenants } = JSON.parse(before) as ApiKeysFile;
  await file.replace(JSON.stringify({ tenants: { ...tenants, acme: { ...tenants.acme, suspended: true } } }));
  expect(await endOf(stream)).toBe("cut");
  const refused = await ask(revoked, links.self);
  expect([refused.status, await refused.json()]).toMatchObject([403, { code: "tenant_suspended" }]);
  expect((await ask(other, "/v1/jobs")).status).toBe(200);
  await file.replace(before);
  await expect.poll(async () => (await ask(revoked, links.self)).status, soon).toBe(200);
});

it("end streams also when they expire", async () => {
  const short = new KeyHolder("acme", {}, new Date(Date.now() + 5000).toISOString());
  await file.replace(keysOf(short));
  await expect.poll(async () => (await ask(short, "/v1/jobs")).status, soon).toBe(200);
  const { links } = await post<Job>(short, "/v1/jobs", { task: "detect", image });
  expect(await endOf(await ask(short, links.events))).toBe("cut");
});

it("end the reading of a batch's results", async () => {
  const { id } = await post<Batch>(revoked, "/v1/batches", { task: "detect", items: [image] });
  // A reader of the results that never come to an end.
  api.batches.lines = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { lines: [" ".repeat(1000)] };
  };
  api.batches.record = async () => ({ id, round: 0, expanded: 512 * 1e6 }) as never;
  const answer = await ask(revoked, `/v1/batches/${id}/results`);
  await file.replace(keysOf(other));
  expect(await endOf(answer)).toBe("cut");
});

it("end the URLs that were signed for them", async () => {
  const asked = { contentType: "image/jpeg", size: pixels.length };
  const send = async ({ url, headers }: Upload) => {
    const { pathname, search } = new URL(url);
    return api.inject({ method: "PUT", url: pathname + search, headers, payload: pixels });
  };
  const mine = await post<Upload>(revoked, "/v1/uploads", asked);
  const theirs = await post<Upload>(other, "/v1/uploads", asked);
  expect((await send(mine)).statusCode).toBe(204);
  expect(mine.url).not.toContain(revoked.key);
  await file.replace(keysOf(other));
  await expect.poll(async () => (await ask(revoked, "/v1/jobs")).status, soon).toBe(401);
  const answer = await send(mine);
  expect([answer.statusCode, answer.json()]).toMatchObject([403, { code: "upload_url_invalid" }]);
  const forged = { ...mine, url: mine.url.replace(/key=[^&]+/, `key=${new URL(theirs.url).searchParams.get("key")}`) };
  for (const url of [forged.url, mine.url.replace(/key=[^&]+&/, "")]) {
    expect((await send({ ...mine, url })).statusCode).toBe(403);
  }
  expect((await send(theirs)).statusCode).toBe(204);
});

it("let what they have begun come to its end", async () => {
  const { links } = await post<Job>(revoked, "/v1/jobs", { task: "detect", image });
  const waiting = ask(revoked, `${links.self}?wait=4`);
  await file.replace(keysOf(other));
  expect((await waiting).status).toBe(200);
});
