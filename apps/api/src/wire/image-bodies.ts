import { imageContentTypes } from "@facefleet/contracts";
import type { FastifyInstance } from "fastify";
import { Type } from "typebox";

/** How a route describes that its body may be an image itself. */
export const imageBodies = Object.fromEntries(
  imageContentTypes.map((type) => [type, { schema: Type.Unsafe({ description: "The image itself." }) }]),
);

/** Gives routes bodies that are images as they arrive. */
export function takeImageBodies(app: FastifyInstance): void {
  app.addContentTypeParser([...imageContentTypes], (_request, body, done) => done(null, body));
}
