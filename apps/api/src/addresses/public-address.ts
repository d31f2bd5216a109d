import { publicBase } from "@facefleet/platform";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiConfig } from "../config.js";
import { addressed } from "./addressed.js";
import { type TrustsProxy, trustsProxies } from "./trusted-proxies.js";

declare module "fastify" {
  interface FastifyRequest {
    /**
     * What is put before a path of the API for whoever asked to follow it: `https://example.com/faces`. Empty where
     * nobody has said by which address callers know the API: then the path alone, of the address that they asked.
     */
    readonly publicBase: string;
  }
}

type AddressSettings = Pick<ApiConfig, "PUBLIC_URL" | "TRUST_PROXY">;

export type BaseOf = (request: FastifyRequest) => string;

/** Where nobody can say by which address callers know the API. */
const nowhere: BaseOf = () => "";

/** What tells the `publicBase` of a request: also of one that Fastify refuses before it has that name. */
export function publicBaseOf({ PUBLIC_URL, TRUST_PROXY }: AddressSettings): BaseOf {
  if (PUBLIC_URL === undefined && TRUST_PROXY === undefined) return nowhere;
  const fixed = PUBLIC_URL === undefined ? undefined : publicBase(PUBLIC_URL);
  const trusts = trustsProxies(TRUST_PROXY);
  return (request) => fixed ?? forwardedBase(request, trusts);
}

/** Makes the URLs of every answer begin with what callers know the API by. */
export function tellAddresses(app: FastifyInstance, baseOf: BaseOf): void {
  if (baseOf === nowhere) {
    app.decorateRequest("publicBase", "");
    return;
  }
  app.decorateRequest("publicBase", {
    getter() {
      return baseOf(this as FastifyRequest);
    },
  });
  app.addHook("preSerialization", (request, _reply, payload, done) => {
    done(null, addressed(request.publicBase, payload));
  });
  app.addHook("onSend", (request, reply, payload, done) => {
    const location = reply.getHeader("location");
    if (typeof location === "string" && location.startsWith("/")) {
      reply.header("location", request.publicBase + location);
    }
    done(null, payload);
  });
}

/** The origin by which a request has reached the API, as far as it tells itself. */
export function originOf({ protocol, host }: FastifyRequest): string | undefined {
  const origin = `${protocol === "https" ? "https" : "http"}://${host}`;
  return URL.canParse(origin) && new URL(origin).pathname === "/" ? new URL(origin).origin : undefined;
}

/** What a trusted proxy says of the address that its own caller asked. */
function forwardedBase(request: FastifyRequest, trusts: TrustsProxy): string {
  const { headers, raw } = request;
  const isForwarded = ["proto", "host", "prefix"].some((what) => headers[`x-forwarded-${what}`] !== undefined);
  if (!isForwarded || !trusts(raw.socket.remoteAddress)) return "";
  const origin = originOf(request);
  return origin === undefined ? "" : origin + forwardedPrefix(headers["x-forwarded-prefix"]);
}

/** Each proxy adds its own at the end. What is no path counts for nothing. */
function forwardedPrefix(header: string | string[] | undefined): string {
  const prefix = String(header ?? "")
    .split(",")
    .map((part) => part.trim().replace(/\/+$/, ""))
    .join("");
  return /^(\/[\w.~!$&'()*+;=:@%-]+)*$/.test(prefix) ? prefix : "";
}
