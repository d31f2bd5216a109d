import swagger from "@fastify/swagger";
import swaggerUi, { type FastifySwaggerUiOptions } from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, FastifySchema } from "fastify";
import type { ApiConfig } from "../config.js";
import { components, withReferences } from "../wire/components.js";
import { finishDescription } from "./description.js";
import { docsPolicy } from "./page-headers.js";

/** Describes every route that is registered after it, at `/openapi.json` and, for people, at `/docs`. */
export async function describeApi(app: FastifyInstance, { API_KEYS_FILE }: ApiConfig): Promise<void> {
  const hasKeys = API_KEYS_FILE !== undefined;
  for (const schema of components) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Facefleet",
        version: "1",
        description:
          "Finds the faces of images and computes their embeddings. What is submitted is a job: 202 says that it is new and waits, 200 that the same `Idempotency-Key` has submitted it before. Coordinates are in pixels, times in milliseconds where their names end in `Ms` and in seconds otherwise, angles in degrees. Every error is a problem of the error table.",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/" }],
      components: { securitySchemes: { apiKey } },
      tags: [
        { name: "simple service", description: "An image in, an answer out." },
        { name: "jobs", description: "Everything else about one image, or two." },
        { name: "batches", description: "Many images at once." },
        { name: "uploads", description: "Images that are sent apart from their job." },
        { name: "webhooks", description: "Being told of ends instead of asking." },
        { name: "events", description: "What a receiver of webhooks is sent." },
        { name: "operations", description: "For whoever runs the service." },
      ],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) => String(schema.$id ?? `schema-${index}`),
    },
    transformObject: (document) =>
      "openapiObject" in document ? finishDescription(document.openapiObject, { hasKeys }) : document.swaggerObject,
    transform: ({ schema, url, route }) => ({
      schema: {
        ...(withReferences(schema ?? {}) as FastifySchema),
        ...(!route.config?.public && { security: [{ apiKey: [] }] }),
      },
      url,
    }),
  });
  await app.register(publicDocs);
  app.get("/openapi.json", { config: { public: true }, schema: { hide: true } }, async (request) =>
    served(app.swagger(), request),
  );
}

const apiKey = {
  type: "http",
  scheme: "bearer",
  description: "An API key.",
} as const;

/** The pages for people, whose routes are the plugin's own. */
const publicDocs: FastifyPluginAsync = async (app) => {
  app.addHook("onRoute", (route) => {
    route.config = { ...route.config, public: true };
  });
  // The page finds its parts beside itself, under whatever address it is: only with the slash they are there.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.url.split("?", 1)[0]?.endsWith("/docs")) void reply.redirect("docs/");
    else done();
  });
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: docsPolicy,
    uiConfig: { plugins: [showExampleOfType] } as NonNullable<FastifySwaggerUiOptions["uiConfig"]>,
    transformSpecificationClone: false,
    transformSpecification: served,
  });
};

interface BodyType {
  readonly value: string;
  readonly pathMethod: readonly string[];
}

/**
 * Has the page show the example of a type of body that is chosen. By itself it takes an empty form for what its user has
 * written, and sends that as JSON, or nothing. Runs in the browser: nothing outside of it is there.
 */
function showExampleOfType() {
  return {
    statePlugins: {
      oas3: {
        wrapActions: {
          setRequestContentType:
            (
              choose: (type: BodyType) => unknown,
              { oas3Actions }: { oas3Actions: { setRequestBodyValue: (body: object) => void } },
            ) =>
            (type: BodyType) => {
              oas3Actions.setRequestBodyValue({ value: undefined, pathMethod: type.pathMethod });
              return choose(type);
            },
        },
      },
    },
  };
}

/** The description as it is for whoever asked for it: with the address of the API. */
function served(document: object, { publicBase }: FastifyRequest): object {
  return { ...document, servers: [{ url: publicBase || "/" }] };
}
