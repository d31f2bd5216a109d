import type { Readable } from "node:stream";
import { ProblemError, Upload, UploadRequest } from "@facefleet/contracts";
import type { FastifyRequest } from "fastify";
import { type Static, Type } from "typebox";
import { originOf } from "../addresses/public-address.js";
import type { ApiServices, Routes } from "../services.js";
import { refer } from "../wire/components.js";
import { imageBodies, takeImageBodies } from "../wire/image-bodies.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { uploadUrlInvalid } from "./image-intake.js";
import { isSigned, signUpload, type UploadGrant } from "./upload-signature.js";

/** How long an upload URL can be used. */
const urlLifetimeSeconds = 300;

const UploadParams = Type.Object({ id: Type.String({ pattern: "^[0-9a-f]{32}$" }) });
const SignedQuery = Type.Object(
  {
    expires: Type.Integer(),
    size: Type.Integer(),
    type: Type.String(),
    key: Type.Optional(Type.String()),
    signature: Type.String(),
  },
  { additionalProperties: false },
);

/** Places for images that are sent apart from their job. */
export const uploadRoutes: Routes = async (app, services) => {
  app.post(
    "/v1/uploads",
    {
      schema: {
        operationId: "createUpload",
        summary: "Ask for a place to send an image to",
        tags: ["uploads"],
        body: UploadRequest,
        response: { 201: refer(Upload), ...problemAnswers },
      },
    },
    async (request, reply) => {
      assertSize(request.body.size, services.config.MAX_IMAGE_BYTES);
      return reply.code(201).send(await createUpload(services, request, request.body));
    },
  );

  if (!services.store.presigns) await app.register(signedPutRoute, services);
};

/** Where callers cannot reach the store themselves, the API takes the bytes, under a URL that it has signed. */
const signedPutRoute: Routes = async (app, { intake, uploads, access }) => {
  takeImageBodies(app);
  app.put(
    "/v1/uploads/:id",
    // The signature in the URL says who may use it.
    {
      config: { public: true },
      schema: { hide: true, params: UploadParams, querystring: SignedQuery, body: { content: imageBodies } },
    },
    async (request, reply) => {
      const { expires, size, type, key, signature } = request.query;
      const grant: UploadGrant = { id: request.params.id, size, type, expires, keyId: key };
      const { secret, now } = await uploads.signing();
      if (!isSigned(grant, signature, secret)) throw uploadUrlInvalid("an unchanged URL", "another signature");
      if (access?.keys.ring.holds(key ?? "") === false) {
        throw uploadUrlInvalid("a URL whose API key is valid", "one of a key that was revoked");
      }
      assertGranted(grant, request, now);
      await intake.receive(grant.id, request.body as Readable, size);
      return reply.code(204).send();
    },
  );
};

async function createUpload(
  services: ApiServices,
  request: FastifyRequest,
  { contentType, size }: UploadRequest,
): Promise<Upload> {
  const { own, uploads } = services;
  const { id: tenant, quotas } = request.tenant;
  const id = await uploads.newId(tenant);
  await uploads.announce(id, { ...quotas, tenant, bytes: size, sendableMs: urlLifetimeSeconds * 1000 });
  const { secret, now } = await uploads.signing();
  const expires = Math.floor(now / 1000) + urlLifetimeSeconds;
  const put =
    (await own.upload(id).presignPut({ contentType, size, expiresInSeconds: urlLifetimeSeconds })) ??
    ownPut(request, { id, size, type: contentType, expires, keyId: request.keyId }, secret);
  return { id, ...put, expiresAt: new Date(expires * 1000).toISOString() };
}

function ownPut(
  request: FastifyRequest,
  grant: UploadGrant,
  secret: string,
): Pick<Upload, "url" | "method" | "headers"> {
  const { id, size, type, expires, keyId } = grant;
  const url = new URL(`${baseOf(request)}/v1/uploads/${id}`);
  const query: Static<typeof SignedQuery> = {
    expires,
    size,
    type,
    ...(keyId !== undefined && { key: keyId }),
    signature: signUpload(grant, secret),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return { url: url.href, method: "PUT", headers: { "content-type": type } };
}

/** What the caller knows the API by, or at least has asked. */
function baseOf(request: FastifyRequest): string {
  const base = request.publicBase || originOf(request);
  if (base !== undefined) return base;
  const received = JSON.stringify(request.host);
  throw new ProblemError("invalid_request", `Expected a host for the header Host but received ${received}`);
}

/** Holds a signed request to what was signed, before a byte of it is read. */
function assertGranted({ expires, size, type }: UploadGrant, request: FastifyRequest, now: number): void {
  const { "content-length": length, "content-type": contentType } = request.headers;
  if (now / 1000 >= expires) throw uploadUrlInvalid("a URL that has not expired", "one that has");
  if (contentType !== type) throw uploadUrlInvalid(`Content-Type ${type}`, String(contentType));
  if (length !== undefined && Number(length) !== size) {
    throw uploadUrlInvalid(`the ${size} bytes that the URL is for`, `${length} bytes`);
  }
}

function assertSize(size: number, maxBytes: number): void {
  if (size > maxBytes) {
    throw new ProblemError("image_too_large", `Expected an image of at most ${maxBytes} bytes but received ${size}`);
  }
}
