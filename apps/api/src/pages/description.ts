import { STATUS_CODES } from "node:http";
import { answerExamples, idExamples, requestExamples, schemaExamples } from "./examples.js";

type Json = Record<string, unknown>;

interface Operation {
  readonly operationId: string;
  readonly parameters?: (Json & { readonly name: string; readonly in: string })[];
  readonly requestBody?: { readonly content: Record<string, Json> };
  readonly responses?: Record<string, { description: string; readonly content?: Record<string, Json> }>;
  security?: object[];
}

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Json>; securitySchemes?: Json };
}

/**
 * Makes of the document that the routes give one that generators of clients understand, and people can try: unions that
 * say how their branches are told apart, types where there are only values, examples, webhooks, and keys only where
 * there are any.
 */
export function finishDescription(document: object, { hasKeys }: { readonly hasKeys: boolean }): object {
  const { components, paths } = document as Document;
  const schemas = Object.fromEntries(
    Object.entries(components.schemas).map(([name, schema]) => [name, withExample(name, explicit(schema))]),
  );
  const described = mapValues(paths, (operations, path) =>
    mapValues(operations, (operation) => finishOperation(explicit(operation), path, hasKeys)),
  );
  const { securitySchemes, ...others } = components;
  return {
    ...document,
    paths: described,
    webhooks,
    components: {
      ...others,
      ...(hasKeys && { securitySchemes }),
      schemas: mapValues(schemas, (schema) => withDiscriminator(schema, schemas)),
    },
  };
}

/** A copy in which each schema says its type, and exactly one branch of a union is meant. */
function explicit<T>(node: T): T {
  if (Array.isArray(node)) return node.map(explicit) as T;
  if (typeof node !== "object" || node === null) return node;
  const { anyOf, const: only, ...rest } = node as Json;
  const copy = mapValues(rest, explicit);
  if (anyOf !== undefined) copy.oneOf = explicit(anyOf);
  if (only !== undefined) copy.enum = [only];
  const [first] = Array.isArray(copy.enum) ? copy.enum : [];
  if (first !== undefined && copy.type === undefined) copy.type = typeof first === "number" ? "integer" : typeof first;
  // Without it some languages take single precision.
  if (copy.type === "number" && copy.format === undefined) copy.format = "double";
  return withoutDefault(copy) as T;
}

/** Some generators make what has a default a must: it is said in words. */
function withoutDefault({ default: usual, ...schema }: Json): Json {
  if (usual === undefined) return schema;
  const words = `By default ${JSON.stringify(usual)}.`;
  const description = (schema.description as string | undefined) ?? "";
  return {
    ...schema,
    description: /\bBy default\b/.test(description) ? description : `${description} ${words}`.trim(),
  };
}

function withExample(name: string, schema: Json): Json {
  return name in schemaExamples ? { ...schema, examples: [schemaExamples[name]] } : schema;
}

/** The field by whose value the branches of a union can be told apart, where they have one. */
function withDiscriminator(schema: Json, schemas: Record<string, Json>): Json {
  if (!Array.isArray(schema.oneOf)) return schema;
  const references = schema.oneOf.map(({ $ref }: Json) => $ref);
  const branches = references.map((reference) => schemas[String(reference).replace("#/components/schemas/", "")]);
  const valuesOf = (branch: Json | undefined, name: string): unknown[] | undefined => {
    const { required, properties } = (branch ?? {}) as { required?: string[]; properties?: Record<string, Json> };
    return required?.includes(name) ? (properties?.[name]?.enum as unknown[]) : undefined;
  };
  const propertyName = Object.keys((branches[0]?.properties ?? {}) as Json).find((name) => {
    const values = branches.map((branch) => valuesOf(branch, name));
    // A value that two branches have tells nothing.
    return values.every((own) => own !== undefined) && new Set(values.flat()).size === values.flat().length;
  });
  if (propertyName === undefined) return schema;
  const mapping = Object.fromEntries(
    branches.flatMap((branch, index) =>
      (valuesOf(branch, propertyName) ?? []).map((value) => [value, references[index]]),
    ),
  );
  return { ...schema, discriminator: { propertyName, mapping } };
}

function finishOperation(operation: Operation, path: string, hasKeys: boolean): Operation {
  const { operationId, responses = {}, parameters = [], requestBody } = operation;
  for (const [status, answer] of Object.entries(responses)) {
    if (answer.description === "Default Response") answer.description = STATUS_CODES[status] ?? "Answer";
  }
  const [text] = Object.values(responses["200"]?.content ?? {});
  if (text && operationId in answerExamples) text.example = answerExamples[operationId];
  const id = idExamples[path.split("/")[2] ?? ""];
  for (const parameter of parameters) if (parameter.name === "id" && id !== undefined) parameter.example = id;
  if (requestBody) finishBody(operationId, requestBody.content);
  if (hasKeys) operation.security ??= [];
  else operation.security = [];
  return operation;
}

function finishBody(operationId: string, content: Record<string, Json>): void {
  for (const [type, example] of Object.entries(requestExamples[operationId] ?? {})) {
    if (content[type]) content[type].example = example;
  }
  const form = content["multipart/form-data"];
  // The part is JSON, whatever else the form has.
  if (form && ["submitJob", "analyseImage"].includes(operationId))
    form.encoding = { job: { contentType: "application/json" } };
}

const webhookHeaders = [
  ["webhook-id", "The event's id, the same in each attempt."],
  ["webhook-timestamp", "When this attempt was made: seconds since 1970."],
  [
    "webhook-signature",
    "`v1,` and the base64 of the HMAC-SHA256 of id, timestamp and body; several have spaces between.",
  ],
].map(([name, description]) => ({ name, in: "header", required: true, description, schema: { type: "string" } }));

/** Under a tag of its own: generators make a class of each tag, and one of the webhooks. */
const webhooks = {
  ended: {
    post: {
      operationId: "receiveEvent",
      summary: "A job or a batch with a webhook has ended",
      description: "Sent by Standard Webhooks 1.0: at least once, and again until the receiver answers 2xx, or 410.",
      tags: ["events"],
      security: [],
      parameters: webhookHeaders,
      requestBody: {
        required: true,
        content: { "application/json": { schema: { $ref: "#/components/schemas/WebhookEvent" } } },
      },
      responses: {
        "204": { description: "The receiver has it." },
        "410": { description: "Nothing more is to be sent to this address." },
      },
    },
  },
};

function mapValues<T, R>(record: Record<string, T>, map: (value: T, name: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
