import { isPublic, parseAddress } from "./address-rules.js";
import { hostNameOf } from "./host-name.js";

/** No public name server answers for these: RFC 6761, 6762 and 8375, ICANN's `internal`, and a cluster's services. */
const privateNames = /(^|\.)(localhost|local|internal|lan|home|test|invalid|svc|home\.arpa)$/;

/**
 * Whether whoever is outside could reach the host of a URL, as far as its name says: a public address, or a name with a
 * domain that is not one of private networks.
 */
export function isPublicHost(url: string): boolean {
  const host = hostNameOf(url) ?? "";
  const address = parseAddress(host.replace(/^\[(.*)\]$/, "$1"));
  return address ? isPublic(address) : host.includes(".") && !privateNames.test(host);
}
