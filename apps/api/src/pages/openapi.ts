import { STATUS_CODES } from "node:http";
import swagger, { type FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, FastifySchema } from "fastify";
import { components, withReferences } from "../wire/components.js";
import { docsPolicy } from "./page-headers.js";

/** Describes every route that is registered after it, at `/openapi.json` and, for people, at `/docs`. */
export async function describeApi(app: FastifyInstance): Promise<void> {
  for (const schema of components) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Facefleet",
        version: "1",
        description:
          "Finds the faces of images and computes their embeddings. Every error is a problem of the error table.",
      },
      components: { securitySchemes: { apiKey } },
      tags: [
        { name: "simple service" },
        { name: "jobs" },
        { name: "batches" },
        { name: "uploads" },
        { name: "webhooks" },
        { name: "operations" },
      ],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) => String(schema.$id ?? `schema-${index}`),
    },
    transformObject: nameAnswers,
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
  description: "An API key. Needed once the operator has configured keys; until then there are none.",
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
  app.get("/", { schema: { hide: true } }, (_request, reply) => reply.redirect("docs/"));
  await app.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: docsPolicy,
    transformSpecificationClone: false,
    transformSpecification: served,
  });
};

/** The description as it is for whoever asked for it: with the address of the API. */
function served(document: object, { publicBase }: FastifyRequest): object {
  return { ...document, servers: [{ url: publicBase || "/" }] };
}

/** Answers that their route does not describe are described by the name of their status. */
const nameAnswers: NonNullable<FastifyDynamicSwaggerOptions["transformObject"]> = (document) => {
  if (!("openapiObject" in document)) return document.swaggerObject;
  const operations = Object.values(document.openapiObject.paths ?? {}).flatMap((path) => Object.values(path ?? {}));
  for (const { responses = {} } of operations as { responses?: Record<string, { description: string }> }[]) {
    for (const [status, answer] of Object.entries(responses)) {
      if (answer.description === "Default Response") answer.description = STATUS_CODES[status] ?? "Answer";
    }
  }
  return document.openapiObject;
};
