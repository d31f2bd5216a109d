import * as contracts from "@facefleet/contracts";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis, embedding, face, verification } from "./canned-results.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

type Bodies = Record<string, { readonly example?: unknown; readonly schema?: { readonly $ref?: string } }>;

interface Operation {
  readonly operationId: string;
  readonly security?: object[];
  readonly requestBody?: { readonly content: Bodies };
  readonly responses?: Record<string, { readonly content?: Bodies }>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly webhooks: object;
  readonly components: {
    readonly schemas: Record<string, Record<string, unknown>>;
    readonly securitySchemes?: object;
  };
}

const isNamed = (schema: unknown): schema is { readonly $id: string } =>
  typeof schema === "object" && schema !== null && "$id" in schema;

describe("the API's description of itself", () => {
  let api: ApiRig;
  let document: Document;
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

  it("asks for no key where there are none, and for one where one is needed", async () => {
    const securityIn = ({ paths }: Pick<Document, "paths">) =>
      Object.values(paths).flatMap((methods) =>
        Object.values(methods).map(({ operationId, security }) => [operationId, security] as const),
      );
    expect(securityIn(document).filter(([, security]) => JSON.stringify(security) !== "[]")).toEqual([]);
    expect(document.components.securitySchemes).toBeUndefined();
    const file = await KeysFile.create();
    onTestFinished(() => file.remove());
    await file.replace(keysOf(new KeyHolder("acme")));
    const keyed = await startApi({ API_KEYS_FILE: file.path });
    onTestFinished(() => keyed.close());
    const described = (await keyed.inject({ url: "/openapi.json" })).json<Document>();
    const open = securityIn(described).filter(([, security]) => JSON.stringify(security) === "[]");
    expect(open.map(([id]) => id).sort()).toEqual(["getHealth", "getLiveness", "getMetrics", "getReadiness"]);
    for (const [id, security] of securityIn(described)) {
      if (!open.some(([other]) => other === id)) expect(security).toEqual([{ apiKey: [] }]);
    }
    expect(described.components).toMatchObject({ securitySchemes: { apiKey: { type: "http", scheme: "bearer" } } });
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
              schema: { $ref: "#/components/schemas/JobForm" },
              encoding: { job: { contentType: "application/json" } },
            },
          },
        },
        responses: { 202: { content: { "application/json": { schema: { $ref: "#/components/schemas/Job" } } } } },
      },
    });
    expect(document.components.schemas.JobForm).toMatchObject({
      required: ["job"],
      properties: { image: { type: "string", format: "binary" }, image1: { format: "binary" } },
    });
  });

  it("has named branches in every union, and says how they are told apart where a field does", () => {
    const unions = Object.entries(document.components.schemas).filter(([, { oneOf }]) => oneOf);
    expect(JSON.stringify(document)).not.toMatch(/"(anyOf|default)":/);
    expect(JSON.stringify(document.paths)).not.toContain('"oneOf"');
    expect(unions.length).toBeGreaterThan(5);
    for (const [name, { oneOf }] of unions) {
      const branches = (oneOf as object[]).filter((branch) => !("$ref" in branch));
      expect([name, branches]).toEqual([name, []]);
    }
    const reference = (name: string) => `#/components/schemas/${name}`;
    expect(document.components.schemas.JobRequest).toMatchObject({
      discriminator: {
        propertyName: "task",
        mapping: {
          detect: reference("AnalysisRequest"),
          embed: reference("AnalysisRequest"),
          verify: reference("VerifyRequest"),
        },
      },
    });
    // All kinds of batches have the same tasks.
    expect(document.components.schemas.BatchRequest).not.toHaveProperty("discriminator");
    expect(document.components.schemas.WebhookEvent).toMatchObject({
      discriminator: { propertyName: "type", mapping: { "batch.finished": reference("BatchEvent") } },
    });
    expect(document.webhooks).toMatchObject({
      ended: {
        post: { requestBody: { content: { "application/json": { schema: { $ref: reference("WebhookEvent") } } } } },
      },
    });
  });

  it("has an example of each schema but forms, which hold files, and the schemas take them", () => {
    const named = new Map(
      Object.values(contracts).flatMap((schema) => (isNamed(schema) ? [[schema.$id, schema]] : [])),
    );
    const schemas = Object.entries(document.components.schemas).filter(([name]) => !name.endsWith("Form"));
    expect(schemas.filter(([, { examples }]) => examples === undefined).map(([name]) => name)).toEqual([]);
    for (const [name, { examples }] of schemas) {
      const schema = named.get(name) as object;
      for (const example of examples as unknown[]) {
        expect([name, Value.Check(schema, example), [...Value.Errors(schema, example)]]).toEqual([name, true, []]);
      }
    }
  });

  it("has an example of each body that is text, asked or answered, of its own or of its schema", () => {
    const bodies = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ operationId, requestBody, responses = {} }) => [
        ...Object.entries(requestBody?.content ?? {}).map((body) => [operationId, "request", ...body] as const),
        ...Object.entries(responses).flatMap(([status, { content = {} }]) =>
          Object.entries(content).map((body) => [operationId, status, ...body] as const),
        ),
      ]),
    );
    const isText = (type: string) => !type.startsWith("image/") && type !== "multipart/form-data";
    const without = bodies.filter(([, , type, { example, schema }]) => {
      const name = schema?.$ref?.replace("#/components/schemas/", "") ?? "";
      return isText(type) && example === undefined && document.components.schemas[name]?.examples === undefined;
    });
    expect(bodies.length).toBeGreaterThan(60);
    expect(without.map(([operation, which, type]) => `${operation} ${which} ${type}`)).toEqual([]);
  });

  it("has requests that work as they stand, and leave out what may be left out", async () => {
    await api.startWorker(async ({ payload }) =>
      payload.task === "verify" ? verification : analysis([face(0.9, { embedding: [...embedding] })]),
    );
    const asked = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { requestBody }]) => {
        const example = requestBody?.content["application/json"]?.example;
        return requestBody?.content["application/json"] ? [{ path, method, example }] : [];
      }),
    );
    expect(asked.length).toBeGreaterThan(5);
    for (const { path, method, example } of asked) {
      const answer = await api.inject({
        method: method.toUpperCase() as "POST",
        url: path,
        payload: example as object,
      });
      expect([path, answer.statusCode < 300], answer.body).toEqual([path, true]);
    }
  });

  it("has a page for people, and one that explains every problem", async () => {
    const docs = await api.inject({ url: "/docs" });
    expect([200, 302]).toContain(docs.statusCode);
    const ui = await api.inject({ url: "/docs/" });
    expect(ui.body).toContain("swagger-ui");
    const errors = await api.inject({ url: "/docs/errors" });
    for (const code of Object.keys(contracts.problemTable)) expect(errors.body).toContain(`id="${code}"`);
  });
});
