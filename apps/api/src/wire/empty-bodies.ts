import type { FastifyInstance, FastifyRequest } from "fastify";

/** Some clients name a Content-Type with everything that they send: where no body is expected, and none came, it says nothing. */
export function ignoreTypesOfNothing(app: FastifyInstance): void {
  app.addHook("onRequest", (request, _reply, done) => {
    const takesBody = request.method === "PUT" || request.routeOptions.schema?.body !== undefined;
    if (!takesBody && isEmpty(request)) delete request.headers["content-type"];
    done();
  });
}

/** Whether nothing comes with a request. */
export function isEmpty({ headers }: FastifyRequest): boolean {
  return headers["transfer-encoding"] === undefined && Number(headers["content-length"] ?? 0) === 0;
}
