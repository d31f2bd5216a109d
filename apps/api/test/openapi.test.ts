import { problemTable } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";

describe("the API's description of itself", () => {
  let api: ApiRig;
  let document: { openapi: string; paths: Record<string, object>; components: { schemas: Record<string, object> } };
  beforeAll(async () => {
    api = await startApi();
    document = (await api.inject({ url: "/openapi.json" })).json();
  });
  afterAll(() => api.close());

  it("is OpenAPI 3.1 with every route", () => {
    expect(document.openapi).toBe("3.1.0");
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations.sort()).toEqual([
      "delete /v1/batches/{id}",
      "delete /v1/jobs/{id}",
      "get /health",
      "get /livez",
      "get /metrics",
      "get /readyz",
      "get /v1/batches",
      "get /v1/batches/{id}",
      "get /v1/batches/{id}/results",
      "get /v1/batches/{id}/webhook-attempts",
      "get /v1/fleet",
      "get /v1/jobs",
      "get /v1/jobs/{id}",
      "get /v1/jobs/{id}/events",
      "get /v1/jobs/{id}/webhook-attempts",
      "get /v1/models",
      "get /v1/webhook-secret",
      "post /compare-faces",
      "post /detect-face",
      "post /extract-embedding",
      "post /v1/analyse",
      "post /v1/batches",
      "post /v1/batches/{id}/retry",
      "post /v1/batches/{id}/webhook-attempts",
      "post /v1/jobs",
      "post /v1/jobs/{id}/retry",
      "post /v1/jobs/{id}/webhook-attempts",
      "post /v1/uploads",
      "post /v1/webhook-secret/rotate",
    ]);
  });

  it("asks for a key where one is needed", () => {
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    const open = operations.filter(({ security }) => security === undefined).map(({ operationId }) => operationId);
    expect(open.sort()).toEqual(["getHealth", "getLiveness", "getMetrics", "getReadiness"]);
    for (const { operationId, security } of operations) {
      if (!open.includes(operationId)) expect(security).toEqual([{ apiKey: [] }]);
    }
    expect(document.components).toMatchObject({ securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } });
  });

  it("names its components as the contracts do, and every reference leads to one", () => {
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(expect.arrayContaining(["Job", "JobRequest", "JobResult", "ImageRef", "Face", "Problem"]));
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      expect(names.map((name) => `#/components/schemas/${name}`)).toContain(reference);
    }
  });

  it("describes both bodies of a job", () => {
    expect(document.paths["/v1/jobs"]).toMatchObject({
      post: {
        requestBody: {
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/JobRequest" } },
            "multipart/form-data": {
              schema: {
                anyOf: [
                  { properties: { image: { format: "binary" } } },
                  { properties: { image1: { format: "binary" }, image2: { format: "binary" } } },
                ],
              },
            },
          },
        },
        responses: { 202: { content: { "application/json": { schema: { $ref: "#/components/schemas/Job" } } } } },
      },
    });
  });

  it("has a page for people, and one that explains every problem", async () => {
    const docs = await api.inject({ url: "/docs" });
    expect([200, 302]).toContain(docs.statusCode);
    const ui = await api.inject({ url: "/docs/" });
    expect(ui.body).toContain("swagger-ui");
    const errors = await api.inject({ url: "/docs/errors" });
    for (const code of Object.keys(problemTable)) expect(errors.body).toContain(`id="${code}"`);
  });
});
