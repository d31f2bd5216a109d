import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { defaultTenant } from "@facefleet/contracts";
import {
  createLogger,
  createMetrics,
  createObjectStore,
  EgressGuard,
  JobGivenBack,
  type Metrics,
  type ObjectStore,
  OriginCircuits,
  OwnObjects,
} from "@facefleet/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CountedEgress } from "../src/counted-egress.js";
import { fetchImage } from "../src/images/fetch-image.js";
import { WorkerMetrics } from "../src/metrics.js";
import { type Fleet, isolatedFleet } from "./environment.js";

const maxBytes = 1000;

let fleet: Fleet;
let store: ObjectStore;
let server: Server;
let answer: RequestListener;
let metrics: Metrics;
let workerMetrics: WorkerMetrics;
let hosts: OriginCircuits;

beforeEach(async () => {
  fleet = await isolatedFleet({ EGRESS_ALLOW: "127.0.0.1" });
  store = createObjectStore(fleet.config);
  metrics = createMetrics();
  workerMetrics = new WorkerMetrics(metrics);
  hosts = new OriginCircuits({ concurrency: 8 });
  server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await store.close();
  await fleet.remove();
});

const urlOf = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

function fetchUrl(path = "/a.jpg?signature=hush", signal?: AbortSignal, allow = fleet.config.EGRESS_ALLOW) {
  const egress = new CountedEgress(new EgressGuard({ allow }), (outcome) => workerMetrics.egress("image", outcome));
  const own = new OwnObjects(store, async () => "secret");
  const options = { tenant: defaultTenant, maxBytes, ...(signal && { signal }) };
  return fetchImage({ store, own, egress, hosts }, { url: urlOf(path) }, options);
}

const counted = async (outcome: string) =>
  (await metrics.render()).includes(`facefleet_egress_requests_total{purpose="image",outcome="${outcome}"} 1`);

const problemOf = async (fetched: Promise<unknown>) =>
  await fetched.then(
    () => {
      throw new Error("Expected a problem but received an image");
    },
    (error: unknown) => error as { code: string; message: string; retryable: boolean },
  );

test("the image at a URL is fetched, as an image, without anything compressed", async () => {
  const image = Buffer.alloc(maxBytes, "x");
  const asked: unknown[] = [];
  answer = ({ method, url, headers }, response) => {
    asked.push({ method, url, accept: headers.accept, encoding: headers["accept-encoding"] });
    response.end(image);
  };
  expect(await fetchUrl()).toEqual(image);
  expect(asked).toEqual([{ method: "GET", url: "/a.jpg?signature=hush", accept: "image/*", encoding: "identity" }]);
  expect(await counted("answered")).toBe(true);
});

test("three redirects are followed, and no more", async () => {
  answer = ({ url }, response) => {
    const left = Number(url?.slice(1));
    if (left === 0) response.end("image");
    else response.writeHead(307, { location: `/${left - 1}` }).end();
  };
  expect((await fetchUrl("/3")).toString()).toBe("image");
  expect(await problemOf(fetchUrl("/4"))).toMatchObject({ code: "image_unreachable" });
});

test.each([
  [204, "empty_image", false],
  [304, "image_not_found", false],
  [400, "image_not_found", false],
  [401, "image_not_found", false],
  [403, "image_not_found", false],
  [404, "image_not_found", false],
  [408, "image_unreachable", true],
  [410, "image_not_found", false],
  [429, "image_unreachable", true],
  [500, "image_unreachable", true],
  [503, "image_unreachable", true],
])("an answer of %i is %s", async (status, code, retryable) => {
  answer = (_, response) => response.writeHead(status).end(status === 204 ? undefined : "hush");
  const problem = await problemOf(fetchUrl());
  expect(problem).toMatchObject({ code, retryable });
  expect(problem.message).toMatch(/^Expected .* received .*\.$/);
  expect(problem.message).not.toContain("hush");
});

test("an image that is empty, too large or cut off is refused", async () => {
  answer = (_, response) => response.end();
  expect(await problemOf(fetchUrl())).toMatchObject({ code: "empty_image", retryable: false });
  answer = (_, response) => response.end(Buffer.alloc(maxBytes + 1));
  expect(await problemOf(fetchUrl())).toMatchObject({ code: "image_too_large", retryable: false });
  answer = (_, response) => {
    response.writeHead(200, { "content-length": 100 }).write("x", () => response.destroy());
  };
  expect(await problemOf(fetchUrl())).toMatchObject({ code: "image_unreachable", retryable: true });
});

test("a server that does not answer can be asked again", async () => {
  answer = ({ socket }) => socket.destroy();
  const problem = await problemOf(fetchUrl());
  expect(problem).toMatchObject({ code: "image_unreachable", retryable: true });
  expect(problem.message).not.toContain("hush");
  expect(await counted("closed")).toBe(true);
});

test("no log has the query of a URL, nor what was answered", async () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: "test",
    level: "debug",
    format: "json",
    destination: { write: (line: string) => lines.push(line) },
  });
  const answers: RequestListener[] = [
    ({ socket }) => socket.destroy(),
    ({ socket }) => socket.end("hush hush\r\n\r\n"),
    (_, response) => response.writeHead(403).end("hush"),
    (_, response) => response.writeHead(302, { location: "http://127.0.0.2/?signature=hush" }).end(),
    (_, response) => response.writeHead(302, { location: "http://[hush" }).end(),
  ];
  for (const each of answers) {
    answer = each;
    logger.error({ err: await problemOf(fetchUrl()) }, "failed");
  }
  expect(lines).toHaveLength(answers.length);
  expect(lines.join("")).not.toContain("hush");
});

test("an address that is not opened is refused, also as a redirect, and never asked", async () => {
  let asked = 0;
  answer = (_, response) => {
    asked++;
    response.writeHead(302, { location: "http://127.0.0.2/hush" }).end();
  };
  const closed = await problemOf(fetchUrl("/", undefined, []));
  expect([closed.code, closed.retryable, asked]).toEqual(["url_forbidden", false, 0]);
  expect(await counted("forbidden")).toBe(true);
  const redirected = await problemOf(fetchUrl());
  expect([redirected.code, asked]).toEqual(["url_forbidden", 1]);
  expect(redirected.message).not.toContain("hush");
});

const givenBack = async (fetched: Promise<unknown>) => {
  const error = await problemOf(fetched);
  expect(error).toBeInstanceOf(JobGivenBack);
  const { problem, delayMs, limitMs } = error as unknown as JobGivenBack;
  return { code: problem.code, delayMs, limitMs };
};

test.each([
  [429, "7", 7000],
  [503, "120", 120_000],
  [503, "86400", 900_000],
])(
  "a host that answers %i and Retry-After: %s is left alone that long, a quarter of an hour at most",
  async (status, wait, delayMs) => {
    let asked = 0;
    answer = (_, response) => {
      asked++;
      response.writeHead(status, { "retry-after": wait }).end();
    };
    expect(await givenBack(fetchUrl())).toEqual({ code: "image_unreachable", delayMs, limitMs: 3_600_000 });
    const other = await givenBack(fetchUrl("/b.jpg"));
    expect(other).toMatchObject({ code: "image_unreachable", limitMs: 3_600_000 });
    expect(other.delayMs).toBeGreaterThan(Math.min(delayMs, 300_000) - 1000);
    expect(asked).toBe(1);
  },
);

test("a host is asked for so many images at once, and the others wait for as long as it takes", async () => {
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  answer = (_, response) => void gate.then(() => response.end("image"));
  const first = [fetchUrl("/1"), fetchUrl("/2")];
  const put = await givenBack(fetchUrl("/3"));
  expect(put.limitMs).toBeUndefined();
  expect(put.delayMs).toBeGreaterThan(0);
  letGo();
  await Promise.all(first);
  expect((await fetchUrl("/3")).toString()).toBe("image");
});

test("a host that fails again and again is left alone for a while, for an hour in all", async () => {
  answer = ({ socket }) => socket.destroy();
  for (let times = 0; times < 5; times++) expect(await problemOf(fetchUrl())).not.toBeInstanceOf(JobGivenBack);
  expect(await givenBack(fetchUrl())).toMatchObject({ limitMs: 3_600_000 });
});

test("a job that is canceled lets go of its request", async () => {
  const canceled = new AbortController();
  const reason = new Error("canceled");
  let closed: Promise<unknown> | undefined;
  answer = (_, response) => {
    closed = once(response, "close");
    canceled.abort(reason);
  };
  await expect(fetchUrl("/", canceled.signal)).rejects.toBe(reason);
  await closed;
  expect(await counted("aborted")).toBe(true);
});
