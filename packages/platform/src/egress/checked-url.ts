import { parseAddress } from "./address-rules.js";
import type { AllowList } from "./allow-list.js";
import { EgressError } from "./egress.js";
import { isLocalhost } from "./host-name.js";

/** RFC 6335: below are the ports of the system's own services, where mail, shells and directories listen. */
const firstUserPort = 1024;

/**
 * Reads a URL and refuses what needs no look-up to be refused. Addresses come out of the parser in one form, however
 * they were written: decimal, octal, hexadecimal, shortened, percent-encoded, in full-width digits.
 * @throws EgressError `forbidden`
 */
export function checkedUrl(text: string, allowed: AllowList): URL {
  if (!URL.canParse(text)) throw forbidden("a valid URL", "another text");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw forbidden("an http or https URL", url.protocol);
  if (url.username !== "" || url.password !== "") throw forbidden("a URL without a user name", "one with it");
  // The parser leaves out the scheme's own port.
  if (url.port !== "" && Number(url.port) < firstUserPort) {
    throw forbidden("port 80 for http, 443 for https, or one from 1024 on", url.port);
  }
  const addresses = knownAddresses(hostOf(url));
  if (addresses.length > 0 && !addresses.some((address) => allowed.allows(address, hostOf(url)))) {
    throw forbiddenHost(url);
  }
  return url;
}

/** The host as it is looked up and connected to: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

export function forbiddenHost(url: URL): EgressError {
  return forbidden("a host with only public addresses", hostOf(url));
}

export function forbidden(expected: string, received: string): EgressError {
  return new EgressError("forbidden", `Expected ${expected} but received ${received}`);
}

function knownAddresses(host: string): string[] {
  if (parseAddress(host)) return [host];
  return isLocalhost(host) ? ["127.0.0.1", "::1"] : [];
}
