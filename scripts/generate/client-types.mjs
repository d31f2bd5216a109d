import { compile } from "json-schema-to-typescript";
import * as contracts from "../../packages/contracts/dist/index.js";

/** What of the wire the client speaks of; what these name comes along. */
const spokenOf = [
  "AnalysisResult",
  "Batch",
  "BatchLine",
  "BatchList",
  "BatchRequest",
  "FleetAnswer",
  "Job",
  "JobList",
  "JobOptions",
  "JobRequest",
  "MatchResult",
  "ModelsAnswer",
  "Upload",
  "UploadRequest",
  "VerifyResult",
  "WebhookAttempts",
  "WebhookEvent",
  "WebhookSecret",
];

/** The compiler wants one type that names all others. */
const rootName = "Wire";

/** What lists are checked by has no words in TypeScript. */
const lengths = ["minItems", "maxItems"];

/** The contracts as TypeScript that needs nothing else, so that the client brings its types along. */
export async function clientTypes() {
  const named = new Map(Object.values(contracts).flatMap((schema) => (isNamed(schema) ? [[schema.$id, schema]] : [])));
  const definitions = {};
  const define = (name) => {
    if (definitions[name]) return;
    const { $id: _, ...body } = named.get(name) ?? {};
    if (!_) throw new Error(`Expected a schema ${name} in the contracts but there is none`);
    definitions[name] = {};
    Object.assign(definitions[name], withReferences(body, define), { title: name });
  };
  for (const name of spokenOf) define(name);
  const root = { oneOf: spokenOf.map((name) => ({ $ref: `#/definitions/${name}` })), definitions };
  const text = await compile(root, rootName, {
    additionalProperties: false,
    bannerComment: "/* Generated from the contracts by `npm run generate`; change them, not this file. */\n",
    style: { printWidth: 120 },
  });
  return text.replace(new RegExp(`export type ${rootName} =[^;]*;\n`), "");
}

function withReferences(node, define) {
  if (isNamed(node)) {
    define(node.$id);
    return { $ref: `#/definitions/${node.$id}` };
  }
  if (Array.isArray(node)) return node.map((part) => withReferences(part, define));
  if (typeof node !== "object" || node === null) return node;
  const { patternProperties, ...rest } = node;
  // Of a record its values have a type, its names only a pattern.
  if (patternProperties)
    return { ...rest, additionalProperties: withReferences(Object.values(patternProperties)[0], define) };
  const entries = Object.entries(rest).filter(([key]) => !lengths.includes(key));
  return Object.fromEntries(entries.map(([key, value]) => [key, withReferences(value, define)]));
}

function isNamed(node) {
  return typeof node === "object" && node !== null && typeof node.$id === "string";
}
