import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { isOpenedBy, isPrivate, isPublic, type Network, parseAddress } from "./address-rules.js";
import { bareName, isLocalhost } from "./host-name.js";

const hostName = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/** The addresses that may be connected to: the public ones, and what an operator opens besides. */
export class AllowList {
  readonly #networks: readonly Network[];
  readonly #names: ReadonlySet<string>;

  /** @param entries without a fault, see `allowFault` */
  constructor(entries: readonly string[]) {
    const networks = entries.map(networkOf);
    this.#networks = networks.filter((network) => network !== undefined);
    this.#names = new Set(entries.filter((_, index) => !networks[index]).map((name) => name.toLowerCase()));
  }

  /**
   * @param address that the host is or that its name leads to
   * @param host as the URL has it
   */
  allows(address: string, host: string): boolean {
    const parsed = parseAddress(address);
    if (!parsed) return false;
    if (isPublic(parsed) || this.#networks.some((network) => isOpenedBy(parsed, network))) return true;
    // Whoever answers for a private name can make it lead to this machine, or to its cloud's credentials.
    return this.#names.has(bareName(host)) && isPrivate(parsed);
  }
}

/** What is wrong with a list of networks and host names, if anything is. */
export function allowFault(entries: readonly string[]): string | undefined {
  const bad = entries.find((entry) => !networkOf(entry) && !isPrivateName(entry.toLowerCase()));
  if (bad === undefined) return undefined;
  return `Expected networks such as 10.0.0.0/8 and host names such as photos.internal (loopback as a network) but received ${JSON.stringify(bad)}`;
}

/** An address counts as a network of one. */
function networkOf(entry: string): Network | undefined {
  const [first = "", bits, ...rest] = entry.split("/");
  const length = isIP(first) === 4 ? 32 : 128;
  if (!isIP(first) || first.includes("%") || rest.length > 0) return undefined;
  if (bits === undefined) return [ipaddr.parse(first), length];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= length ? [ipaddr.parse(first), Number(bits)] : undefined;
}

/** A name that URLs have in the same form: `10.1` or `0x7f` would be addresses there. */
function isPrivateName(name: string): boolean {
  if (!hostName.test(name) || isLocalhost(name)) return false;
  return URL.canParse(`http://${name}`) && new URL(`http://${name}`).hostname === name;
}
