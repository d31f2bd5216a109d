import { ProblemError } from "@facefleet/contracts";
import type { FastifyInstance } from "fastify";
import { assertFewNames } from "./json-names.js";

/** Reads JSON bodies, but none that would take much longer than its length says. */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, json, done) => {
    try {
      assertFewNames(json);
    } catch (error) {
      return done(error as Error);
    }
    void parse(request, json.toString(), done);
  });
}

/** Reads JSON text exactly as bodies are read, so with the same refusal of keys that poison prototypes. */
export function jsonReader(app: FastifyInstance): (text: string) => unknown {
  const parse = app.getDefaultJsonParser("error", "error");
  return (text) => {
    assertFewNames(Buffer.from(text));
    let read: unknown;
    // The parser calls back before it returns; its types also allow the form that gives a promise.
    void parse(undefined as never, text, (error, value) => {
      if (error)
        throw new ProblemError("malformed_json", "Expected JSON for the part job but received something else", {
          cause: error,
        });
      read = value;
    });
    return read;
  };
}
