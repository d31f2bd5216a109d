import { isIP } from "node:net";
import { ProblemError } from "@facefleet/contracts";
import { hostNameOf, isThisMachine } from "@facefleet/platform";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiConfig } from "../config.js";

/**
 * Where no key shows who asks, a browser would ask for any page that its user happens to look at. Such requests are
 * refused: those for a host that is not ours, since every name can be made to lead to this machine (DNS rebinding), and
 * those that a page of another site sends.
 */
export function refuseOtherSites(app: FastifyInstance, config: ApiConfig): void {
  const isOurs = hostsOf(config);
  const admitted = new Set(config.CORS_ORIGINS);
  const hasKeys = config.API_KEYS_FILE !== undefined;
  if (!isOurs && hasKeys) return;
  app.addHook("onRequest", (request, _reply, done) => {
    const { host } = request;
    // Without a host it is no browser that asks.
    const name = host === "" ? undefined : hostNameOf(`http://${host}`);
    if (host !== "" && isOurs?.(name) === false) throw hostForbidden(host);
    if (!hasKeys && !admitted.has(request.headers.origin ?? "") && isFromOtherSite(request, name, isOurs)) {
      throw new ProblemError(
        "site_forbidden",
        "Expected a request of a page of this service, or of no page, but received one of another site's.",
      );
    }
    done();
  });
}

type HostRule = (name: string | undefined) => boolean;

/** Undefined where every host will do. */
function hostsOf({ ALLOWED_HOSTS, API_KEYS_FILE, AUTH, HOST, PUBLIC_URL }: ApiConfig): HostRule | undefined {
  if (ALLOWED_HOSTS === undefined && (API_KEYS_FILE !== undefined || AUTH === "none")) return undefined;
  const urls = [...(ALLOWED_HOSTS ?? []).map((name) => `http://${name}`), ...(PUBLIC_URL ? [PUBLIC_URL] : [])];
  const named = new Set(urls.map(hostNameOf));
  // An address leads nowhere else than it says: who asks by one has reached us by it.
  const byAddress = !isThisMachine(HOST);
  return (name) => name !== undefined && (isThisMachine(name) || named.has(name) || (byAddress && isAddress(name)));
}

/** Browsers that are not ancient say where a request comes from, and the others say so of all but plain links. */
function isFromOtherSite({ method, headers }: FastifyRequest, host: string | undefined, isOurs: HostRule | undefined) {
  const { origin, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": destination } = headers;
  if (site !== undefined) {
    const isLink = method === "GET" && mode === "navigate" && destination === "document";
    return site === "cross-site" && !isLink;
  }
  if (origin === undefined) return false;
  const name = hostNameOf(origin);
  return name !== host && isOurs?.(name) !== true;
}

/** An IPv6 address has brackets in URLs. */
function isAddress(name: string): boolean {
  return isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0;
}

function hostForbidden(host: string): ProblemError {
  const expected = "Expected a host of this machine, or one of ALLOWED_HOSTS, because there are no API keys";
  return new ProblemError("host_forbidden", `${expected}, but received ${JSON.stringify(host.slice(0, 100))}.`);
}
