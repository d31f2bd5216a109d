import { isAscii, isUtf8 } from "node:buffer";
import { ProblemError } from "@facefleet/contracts";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { giveTurnsToBodies } from "./body-turns.js";
import { assertFewNames } from "./json-names.js";

/** Reads JSON bodies in turns, but none that would take much longer than its length says. */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  const turn = giveTurnsToBodies(app);
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, json, done) => {
    const read = () => {
      let text: string;
      try {
        text = textOf(json, "the body");
      } catch (error) {
        return done(error as Error);
      }
      void parse(request, text, done);
    };
    const isOurs = turn(request, json.length);
    if (isOurs) void isOurs.then(read);
    else read();
  });
}

/** Bodies up to so many bytes are given to their routes whole. */
const smallBytes = 65_536;

/**
 * Has bodies of JSON read by their routes as they arrive, small ones when they have arrived, by what this gives: exactly as
 * others are, with the same turns and refusals.
 */
export function jsonBodyReader(app: FastifyInstance): (request: FastifyRequest, json: Buffer) => Promise<unknown> {
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", (request, body, done) => {
    const length = Number(request.headers["content-length"] ?? Number.POSITIVE_INFINITY);
    if (length > smallBytes) return done(null, body);
    const chunks: Buffer[] = [];
    body.on("data", (chunk: Buffer) => chunks.push(chunk));
    body.on("end", () => done(null, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    body.on("error", done);
  });
  const parse = app.getDefaultJsonParser("error", "error");
  return async (request, json) => {
    await app.takeBodyTurn(request, json.length);
    let read: unknown;
    // The parser calls back before it returns; its types also allow the form that gives a promise.
    void parse(request, textOf(json, "the body"), (error, value) => {
      if (error) throw error;
      read = value;
    });
    return read ?? undefined;
  };
}

/** Reads the JSON of a form's part `job` exactly as bodies are read, so with the same refusals. */
export function jobPartReader(app: FastifyInstance): (json: Buffer) => unknown {
  const parse = app.getDefaultJsonParser("error", "error");
  return (json) => {
    const text = textOf(json, "the part job");
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

/** Other bytes would be replaced, and a request done that nobody has sent. */
function textOf(json: Buffer, what: string): string {
  assertFewNames(json);
  if (isAscii(json)) return json.toString("latin1");
  if (isUtf8(json)) return json.toString();
  throw new ProblemError("malformed_json", `Expected JSON in UTF-8 for ${what} but received bytes that are none`);
}
