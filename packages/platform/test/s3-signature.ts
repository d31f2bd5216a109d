import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

interface SignedRequest {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly time: string;
  readonly payloadHash: string;
}

/**
 * Whether a request carries the AWS Signature Version 4 that its method, path, query and signed headers
 * call for, in its query or in its Authorization header. (s3rver itself takes any version 4 signature.)
 */
export function hasValidSignature(request: IncomingMessage, secretAccessKey: string): boolean {
  const url = new URL(request.url ?? "/", "http://s3");
  const signed = fromQuery(url) ?? fromHeader(request);
  if (!signed) return false;
  const scope = signed.credential.split("/").slice(1);
  const stringToSign = [
    "AWS4-HMAC-SHA256",
    signed.time,
    scope.join("/"),
    createHash("sha256")
      .update(canonicalRequest(request, url, signed))
      .digest("hex"),
  ].join("\n");
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  const expected = hmac(key, stringToSign);
  const received = Buffer.from(signed.signature, "hex");
  return received.length === expected.length && timingSafeEqual(received, expected);
}

function fromQuery(url: URL): SignedRequest | undefined {
  const read = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? "";
  if (!read("Signature")) return undefined;
  return {
    credential: read("Credential"),
    signedHeaders: read("SignedHeaders"),
    signature: read("Signature"),
    time: read("Date"),
    payloadHash: "UNSIGNED-PAYLOAD",
  };
}

function fromHeader({ headers }: IncomingMessage): SignedRequest | undefined {
  const parts = /Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=(\S+)/.exec(headers.authorization ?? "");
  if (!parts) return undefined;
  const [, credential = "", signedHeaders = "", signature = ""] = parts;
  const time = String(headers["x-amz-date"]);
  return { credential, signedHeaders, signature, time, payloadHash: String(headers["x-amz-content-sha256"]) };
}

function canonicalRequest(request: IncomingMessage, url: URL, { signedHeaders, payloadHash }: SignedRequest): string {
  const path = (request.url ?? "/").split("?")[0];
  const query = [...url.searchParams]
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort();
  const headers = signedHeaders.split(";").map((name) => `${name}:${String(request.headers[name] ?? "").trim()}\n`);
  return [request.method, path, query.join("&"), headers.join(""), signedHeaders, payloadHash].join("\n");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
