import { ProblemError } from "@facefleet/contracts";
import { parseAddress } from "./address-rules.js";
import { AllowList } from "./allow-list.js";
import { checkedUrl, forbidden, forbiddenHost, hostOf } from "./checked-url.js";
import { Deadline } from "./deadline.js";
import { type Egress, type EgressAnswer, EgressError, type EgressRequest } from "./egress.js";
import { exchange } from "./exchange.js";
import { type LookUp, nameLookup } from "./name-lookup.js";

export interface EgressGuardOptions {
  /** What is opened besides the public internet: networks and host names, each without a fault. */
  readonly allow?: readonly string[] | undefined;
  /** Where names lead to; by this machine's name servers and its file of hosts, when it is not given. */
  readonly lookUp?: LookUp;
  /** Certificate authorities to trust, in PEM; Node's own, when they are not given. */
  readonly ca?: string;
}

/** The headers that go with a redirect to another origin: those that say nothing of the caller. */
const impersonalHeaders = new Set(["accept", "user-agent"]);

/**
 * Connects to public addresses and to those that an operator has opened, and to nothing else. A name is looked up
 * once: every address that it leads to must be allowed, and the connection goes to one of these, so that a name
 * cannot lead elsewhere after it was checked.
 */
export class EgressGuard implements Egress {
  readonly #allowed: AllowList;
  readonly #lookUp: LookUp;
  readonly #ca: string | undefined;

  constructor({ allow = [], lookUp = nameLookup(), ca }: EgressGuardOptions = {}) {
    this.#allowed = new AllowList(allow);
    this.#lookUp = lookUp;
    this.#ca = ca;
  }

  assertAllowed(url: string): void {
    try {
      checkedUrl(url, this.#allowed);
    } catch (error) {
      throw new ProblemError("url_forbidden", error instanceof EgressError ? error.message : undefined, {
        cause: error,
      });
    }
  }

  async send(request: EgressRequest): Promise<EgressAnswer> {
    const deadline = new Deadline(request.timeoutMs, request.signal);
    try {
      return await deadline.orEnd(this.#follow(request, deadline.signal));
    } finally {
      deadline.release();
    }
  }

  async #follow(request: EgressRequest, signal: AbortSignal): Promise<EgressAnswer> {
    const followsRedirects = request.method === "GET" && request.maxRedirects > 0;
    let url = checkedUrl(request.url, this.#allowed);
    let headers = request.headers ?? {};
    for (let redirects = 0; redirects <= request.maxRedirects; redirects++) {
      const addresses = await this.#addressesOf(url, signal);
      signal.throwIfAborted();
      const outcome = await exchange({ url, addresses, headers }, request, { followsRedirects, ca: this.#ca, signal });
      if (!("location" in outcome)) return outcome;
      const next = this.#redirected(url, outcome.location);
      if (next.origin !== url.origin) headers = withoutCaller(headers);
      url = next;
    }
    throw new EgressError(
      "too_many_redirects",
      `Expected at most ${request.maxRedirects} redirects but received another`,
    );
  }

  /** @throws EgressError when one of them is forbidden: a name that also leads elsewhere is not to be trusted. */
  async #addressesOf(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    const host = hostOf(url);
    const addresses = parseAddress(host) ? [host] : await this.#named(host, signal);
    if (!addresses.every((address) => this.#allowed.allows(address, host))) throw forbiddenHost(url);
    return addresses;
  }

  async #named(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const addresses = await this.#lookUp(host, signal).catch((error: unknown) => {
      throw unresolvable(host, { cause: error });
    });
    if (addresses.length === 0) throw unresolvable(host);
    return addresses;
  }

  #redirected(from: URL, location: string): URL {
    if (!URL.canParse(location, from.href)) {
      throw new EgressError("broken_answer", "Expected a redirect to a valid URL but received another text");
    }
    const to = checkedUrl(new URL(location, from).href, this.#allowed);
    // Whoever asked over TLS did not want the rest in the clear.
    if (from.protocol === "https:" && to.protocol === "http:") throw forbidden("a redirect to https", "one to http");
    return to;
  }
}

function unresolvable(host: string, options?: ErrorOptions): EgressError {
  return new EgressError("unresolvable", `Expected a host that can be found but received ${host}`, options);
}

function withoutCaller(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => impersonalHeaders.has(name.toLowerCase())));
}
