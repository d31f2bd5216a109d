import { createHash } from "node:crypto";
import type { AnalysisResult, Embedding } from "@facefleet/contracts";

/** Something that tells who somebody is, or lets somebody in, and the texts that give it away. */
export interface Trace {
  readonly what: string;
  readonly needles: readonly string[];
  /** How many of the needles it takes: a few digits may be there by chance. */
  readonly atLeast: number;
}

/** What of `traces` is in a text. Text within text has its quotes escaped, once or more. */
export function tracesIn(text: string, traces: readonly Trace[]): string[] {
  const plain = text.replaceAll("\\", "");
  const isThere = ({ needles, atLeast }: Trace) => {
    return needles.filter((needle) => plain.includes(needle)).length >= atLeast;
  };
  return traces.filter(isThere).map(({ what }) => what);
}

export function secretTrace(what: string, secret: string): Trace {
  return { what, needles: [secret], atLeast: 1 };
}

export function imageTraces(what: string, bytes: Buffer): Trace[] {
  const hash = createHash("sha256").update(bytes).digest();
  return [
    bytesTrace(`bytes of ${what}`, bytes),
    { what: `hash of ${what}`, needles: [hash.toString("hex"), hash.toString("base64")], atLeast: 1 },
  ];
}

export function resultTraces(what: string, { faces }: Pick<AnalysisResult, "faces">): Trace[] {
  return faces.flatMap(({ box, landmarks, embedding }, index) => [
    ...(embedding ? embeddingTraces(`embedding ${index} of ${what}`, embedding) : []),
    { what: `box ${index} of ${what}`, needles: coordinates(box), atLeast: 1 },
    { what: `landmarks ${index} of ${what}`, needles: Object.values(landmarks ?? {}).flatMap(coordinates), atLeast: 1 },
  ]);
}

export function embeddingTraces(what: string, embedding: Embedding): Trace[] {
  const bytes = bytesOf(embedding);
  const numbers = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
  // A metric may begin with the same six digits as one of the numbers; three of them are no chance.
  return [
    { what: `numbers of ${what}`, needles: [...new Set(numbers.flatMap(sixDigits))], atLeast: 3 },
    bytesTrace(`bytes of ${what}`, bytes),
  ];
}

function bytesOf(embedding: Embedding): Buffer {
  if (typeof embedding === "string") return Buffer.from(embedding, "base64");
  return Buffer.from(Float32Array.from(embedding).buffer);
}

/** A number's text as far as its sixth digit that counts; numbers that are too small to be told are left out. */
function sixDigits(number: number): string[] {
  const text = /^0\.0{0,3}[1-9]\d{5}/.exec(Math.abs(number).toFixed(12));
  return text ? [text[0]] : [];
}

/** Fields of a box or a point, as JSON has them. Whole numbers are everywhere. */
function coordinates(fields: Readonly<Record<string, number>>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (Number.isInteger(value) ? [] : [`"${name}":${value}`]));
}

/** A piece of bytes, in every form that it may be written in. */
function bytesTrace(what: string, bytes: Buffer): Trace {
  // At a multiple of three base64 of the whole has the base64 of the piece.
  const start = 3 * Math.floor(bytes.length / 6);
  const piece = bytes.subarray(start, start + 48);
  const forms = [piece.toString("latin1"), piece.toString("base64"), piece.toString("hex"), piece.join(",")];
  return { what, needles: forms, atLeast: 1 };
}
