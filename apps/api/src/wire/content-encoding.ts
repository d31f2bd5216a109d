import { ProblemError } from "@facefleet/contracts";
import type { FastifyInstance } from "fastify";
import { isEmpty } from "./empty-bodies.js";

/** Bodies are read as they come: one that is packed would be broken JSON, a broken form, or stored as an image. */
export function refuseContentEncodings(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    const { "content-encoding": encoding = "identity" } = request.headers;
    if (encoding.toLowerCase() === "identity" || request.is404 || isEmpty(request)) return done();
    reply.header("accept-encoding", "identity");
    const received = JSON.stringify(encoding.slice(0, 100));
    done(new ProblemError("unsupported_content_encoding", `Expected a body as it is but received one in ${received}`));
  });
}
