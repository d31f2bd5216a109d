import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import { type Job, type ModelsAnswer, type ProbeAnswer, problemCodes } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { portrait } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";

const acme = new Caller("acme");
const nobody = new Caller("nobody");
const nobodyElsewhere = new Caller("nobody", 1);

interface Operation {
  readonly summary?: string;
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema?: object }> }>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

describe("around the jobs", () => {
  it.each([nobody, nobodyElsewhere])("each process says that it lives and is ready", async (caller) => {
    const live = await caller.get<ProbeAnswer>("/livez");
    expect([live.status, live.body]).toEqual([200, { status: "ok", checks: {} }]);
    const ready = await caller.get<ProbeAnswer>("/readyz");
    expect([ready.status, ready.body.status]).toEqual([200, "ok"]);
    expect(new Set(Object.values(ready.body.checks))).toEqual(new Set(["ok"]));
    expect(Object.keys(ready.body.checks).length).toBeGreaterThanOrEqual(2);
  });

  it.each([nobody, nobodyElsewhere])("each process counts what it does, for Prometheus", async (caller) => {
    const { status, headers, text } = await caller.get("/metrics");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=/);
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const line of lines) expect(line).toMatch(/^[a-z_]\w*(\{.*\})? (NaN|[-+]?(\d[\d.e+-]*|Inf))( \d+)?$/i);
    expect(lines.filter((line) => line.startsWith("facefleet_")).length).toBeGreaterThan(5);
    const described = new Set([...text.matchAll(/^# HELP (\w+) \S/gm)].map(([, name]) => name));
    const typed = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
    expect(typed.filter((name) => !described.has(name))).toEqual([]);
  });

  it("the models in use are told, to tenants", async () => {
    const { status, body } = await acme.get<ModelsAnswer>("/v1/models");
    expect(status).toBe(200);
    expect(body.workers).toHaveLength(2);
    for (const worker of body.workers) {
      expect(worker).toMatchObject({ engine: "onnx-cpu", device: expect.any(String), model: { dimensions: 512 } });
      expect(Object.keys(worker.model).sort()).toEqual(["detector", "dimensions", "embedder", "fingerprint", "pack"]);
    }
    const job = await acme.finished(acme.sendImage<Job>("/v1/jobs", await portrait(), { job: { task: "embed" } }));
    const models = new Set([...body.workers, job.result!].map(({ model }) => JSON.stringify(model)));
    expect(models.size).toBe(1);
    expectProblem(await nobody.get("/v1/models"), 401, "unauthorized");
  });

  it("a page for people shows the service", async () => {
    const { status, headers, text } = await nobody.get("/docs/");
    expect([status, headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
    expect(text).toContain("swagger-ui");
    const parts = [...text.matchAll(/(?:src|href)="\.?\/?([^"]+\.(?:js|css))"/g)].map(([, path]) => path);
    expect(parts.length).toBeGreaterThan(0);
    for (const path of parts) {
      const address = path!.startsWith("docs/") ? `/${path}` : `/docs/${path}`;
      expect((await nobody.get(address)).status, address).toBe(200);
    }
    const bare = await nobody.get("/docs");
    expect([200, 302]).toContain(bare.status);
  });

  it("the page of problems explains each code, where problems point to", async () => {
    const { status, text } = await nobody.get("/docs/errors");
    expect(status).toBe(200);
    for (const code of problemCodes) expect(text).toContain(`id="${code}"`);
  });

  describe("the service's description of itself", () => {
    it("is OpenAPI 3.1, the same from each process, and whole", async () => {
      const [first, second] = [await nobody.get<Document>("/openapi.json"), await nobodyElsewhere.get("/openapi.json")];
      expect(first.status).toBe(200);
      expect(first.body.openapi).toMatch(/^3\.1\./);
      expect(second.text).toBe(first.text);
      const names = Object.keys(first.body.components.schemas).map((name) => `#/components/schemas/${name}`);
      for (const [, reference] of first.text.matchAll(/"\$ref":"([^"]*)"/g)) expect(names).toContain(reference);
    });

    it.each([
      "get /health",
      "post /detect-face",
      "post /extract-embedding",
      "post /compare-faces",
      "post /v1/analyse",
      "post /v1/jobs",
      "get /v1/jobs",
      "get /v1/jobs/{id}",
      "delete /v1/jobs/{id}",
      "get /v1/jobs/{id}/events",
      "post /v1/jobs/{id}/retry",
      "get /v1/jobs/{id}/webhook-attempts",
      "post /v1/jobs/{id}/webhook-attempts",
      "post /v1/batches",
      "get /v1/batches/{id}",
      "get /v1/batches/{id}/results",
      "delete /v1/batches/{id}",
      "post /v1/uploads",
      "get /v1/models",
      "get /livez",
      "get /readyz",
      "get /metrics",
    ])("describes %s", async (route) => {
      const { body } = await nobody.get<Document>("/openapi.json");
      const [method, path] = route.split(" ") as [string, string];
      const operation = body.paths[path]?.[method];
      expect(operation?.summary).toMatch(/\S/);
      const statuses = Object.keys(operation!.responses);
      expect(statuses.some((status) => status.startsWith("2"))).toBe(true);
      // Whatever wants a key may refuse it, with a problem.
      if (!["/health", "/livez", "/readyz", "/metrics"].includes(path)) {
        expect(JSON.stringify(operation!.responses)).toContain("application/problem+json");
      }
    });
  });

  describe("an answer", () => {
    it("has an id of its own, which its problem repeats", async () => {
      const answers = await Promise.all(
        ["/livez", "/v1/jobs", "/v1/nothing", "/metrics"].map((path) => acme.get(path)),
      );
      const ids = answers.map(({ headers }) => headers.get("x-request-id"));
      for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
      expect(new Set(ids).size).toBe(ids.length);
      expect(answers[2]!.body.requestId).toBe(ids[2]);
    });

    it("to no known route is a problem", async () => {
      for (const path of ["/v1", "/v1/nothing", "/v2/jobs"]) {
        expectProblem(await acme.get(path), 404, "route_not_found");
      }
    });

    it("to a known address in another way is told in which", async () => {
      for (const [path, method, allow] of [
        ["/v1/jobs", "PUT", "GET, HEAD, POST"],
        ["/v1/jobs", "PATCH", "GET, HEAD, POST"],
        ["/v1/jobs/x", "POST", "DELETE, GET, HEAD"],
        ["/v1/jobs/x/retry", "GET", "POST"],
        ["/detect-face", "GET", "POST"],
      ] as const) {
        const answer = await acme.call(method, path);
        expectProblem(answer, 405, "method_not_allowed");
        expect(answer.headers.get("allow")).toBe(allow);
      }
    });

    it("to the beginning is answered with the console, whose parts are public", async () => {
      const { status, headers, text } = await nobody.get("/");
      expect([status, headers.get("content-type")]).toEqual([200, expect.stringContaining("text/html")]);
      const parts = [...text.matchAll(/(?:src|href)="(console\/[^"]+)"/g)].map(([, path]) => path!);
      expect(parts).toHaveLength(3);
      for (const path of parts) expect((await nobody.get(`/${path}`)).status, path).toBe(200);
      expectProblem(await nobody.get("/console/nothing.js"), 401, "unauthorized");
    });

    it("to what is no HTTP is a problem", async () => {
      const { hostname, port } = new URL(nobody.url);
      const socket = connect(Number(port), hostname);
      socket.write(`GET /livez HTTP/1.1\r\nHost: ${hostname}\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`);
      const answer = await textOf(socket);
      expect(answer).toMatch(/^HTTP\/1.1 431 /);
      expect(answer).toContain("application/problem+json");
      expect(answer).toContain('"code":"headers_too_large"');
    });

    it("to no valid address is a problem", async () => {
      expectProblem(await acme.get("/v1/jobs/%zz"), 400, "invalid_request");
    });
  });
});
