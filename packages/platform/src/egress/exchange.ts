import { type ClientRequest, type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { BoundedBytes } from "./bounded-bytes.js";
import { hostOf } from "./checked-url.js";
import { ConnectionStage } from "./connection-stage.js";
import { type EgressAnswer, EgressError, type EgressRequest } from "./egress.js";

export interface ExchangeTarget {
  /** Checked, as are all of the addresses. */
  readonly url: URL;
  readonly addresses: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

export interface ExchangeOptions {
  readonly followsRedirects: boolean;
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
}

/** An answer whose body was not read, because it is somewhere else. */
export interface Redirect {
  readonly location: string;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);
const maxHeaderBytes = 16 * 1024;
/** All addresses are tried, in their order; the last one has all the time that is left. */
const attempts = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 2000 };

/**
 * One request on a connection of its own.
 * @throws EgressError `refused`, `no_route`, `tls`, `closed`, `timeout`, `broken_answer`, `too_long`; any of them once the
 *   signal has aborted
 */
export async function exchange(
  target: ExchangeTarget,
  request: EgressRequest,
  options: ExchangeOptions,
): Promise<EgressAnswer | Redirect> {
  const outgoing = open(target, request, options);
  try {
    const answer = await answerTo(outgoing, request.body);
    const { statusCode: status = 0, headers } = answer;
    const { location } = headers;
    if (options.followsRedirects && redirectStatuses.has(status) && location !== undefined) return { location };
    return { status, headers, body: await bodyOf(answer, request) };
  } finally {
    outgoing.destroy();
  }
}

function open({ url, addresses, headers }: ExchangeTarget, { method }: EgressRequest, options: ExchangeOptions) {
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  return send({
    method,
    host: hostOf(url),
    port: url.port,
    path: `${url.pathname}${url.search}`,
    // A compressed body could be larger than any limit once it is read.
    headers: { "user-agent": "Facefleet", ...lowerCase(headers), host: url.host, "accept-encoding": "identity" },
    signal: options.signal,
    lookup: lookupIn(addresses),
    ...attempts,
    // No pool of connections to addresses that were checked for another request, and no proxy of the environment's.
    agent: false,
    maxHeaderSize: maxHeaderBytes,
    // Also when the environment says otherwise.
    rejectUnauthorized: true,
    insecureHTTPParser: false,
    ...(options.ca !== undefined && { ca: options.ca }),
  });
}

/** Looks nothing up: the connection goes to the addresses that were checked. */
function lookupIn(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const answer: LookupFunction = (_host, { all }, done) => {
    if (all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  };
  // Later: a connection that fails at once would fail before the request listens, and take the process with it.
  return (...question) => void setImmediate(() => answer(...question));
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function answerTo(outgoing: ClientRequest, body: string | undefined): Promise<IncomingMessage> {
  const stage = new ConnectionStage(outgoing);
  try {
    return await new Promise((resolve, reject) => {
      outgoing.on("response", resolve).on("error", reject).end(body);
      // A switch to another protocol ends in no other event.
      outgoing.on("close", () => reject(new Error("Expected an answer but the connection was closed")));
    });
  } catch (error) {
    if (isParserError(error)) throw broken(error);
    throw stage.failure(error);
  }
}

async function bodyOf(answer: IncomingMessage, { maxBytes, onTooLong }: EgressRequest): Promise<Buffer> {
  if (onTooLong === "fail" && Number(answer.headers["content-length"]) > maxBytes) throw tooLong(maxBytes);
  const body = new BoundedBytes(maxBytes);
  try {
    for await (const chunk of answer) {
      body.add(chunk);
      if (body.isOver) break;
    }
  } catch (error) {
    throw broken(error);
  }
  if (body.isOver && onTooLong === "fail") throw tooLong(maxBytes);
  return body.toBuffer();
}

function isParserError(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("HPE_");
}

function broken(cause: unknown): EgressError {
  return new EgressError("broken_answer", "Expected a whole HTTP answer but received something else", { cause });
}

function tooLong(maxBytes: number): EgressError {
  return new EgressError("too_long", `Expected an answer of at most ${maxBytes} bytes but received more`);
}
