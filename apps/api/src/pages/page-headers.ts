import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";

/** What every answer says to browsers: it is of the type that it says, and no frame or page of another site may hold it. */
const everyAnswer = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
} as const;

const ofNothing = {
  "default-src": "'none'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

/** For what is no page. */
const answerPolicy = policyOf(ofNothing);

/** The documentation's own scripts, styles and requests. Its library puts small pictures into data URLs. */
export const docsPolicy = policyOf({
  ...ofNothing,
  "connect-src": "'self'",
  "img-src": "'self' data:",
  "script-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
});

/**
 * The console's own scripts, styles and requests, and the pictures that its user gives it.
 *
 * @param store the origin that it sends uploads to, where that is not the API
 */
export function consolePolicy(store: string | undefined): string {
  return policyOf({
    ...ofNothing,
    "connect-src": ["'self'", store].filter(Boolean).join(" "),
    "font-src": "'self'",
    "img-src": "'self' blob: data:",
    "script-src": "'self'",
    "style-src": "'self'",
  });
}

/** A page with this one style and nothing else. */
export function pagePolicy(style: string): string {
  return policyOf({ ...ofNothing, "style-src": `'sha256-${createHash("sha256").update(style).digest("base64")}'` });
}

/** Says nothing, so that any page may ask whether there is a service that it is only kept from. */
const openRoute = "/livez";

/** A route that answers with a page sets a Content-Security-Policy of its own. */
export function guardPages(app: FastifyInstance): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(everyAnswer);
    if (request.routeOptions.url === openRoute) reply.header("cross-origin-resource-policy", "cross-origin");
    reply.header("content-security-policy", answerPolicy);
    done();
  });
}

function policyOf(directives: Readonly<Record<string, string>>): string {
  return Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");
}
