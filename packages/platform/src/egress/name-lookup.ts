import { Resolver } from "node:dns/promises";
import { bareName, isLocalhost } from "./host-name.js";
import { type SystemFiles, systemNames } from "./system-names.js";

/** All addresses of a host's name, none when there is no such name. */
export type LookUp = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export interface NameLookupOptions {
  /** Those of this machine, unless told: `address:port`. */
  readonly servers?: readonly string[];
  readonly files?: SystemFiles;
}

const systemFiles: SystemFiles = { hosts: "/etc/hosts", resolver: "/etc/resolv.conf" };
/** A server's time for its answer, in milliseconds: at first, and twice as much the second time. */
const answerMs = 1500;
const tries = 2;
/** What a name server says of a name that it knows to have no address. */
const absences = new Set(["ENOTFOUND", "ENODATA"]);

/**
 * Looks names up by questions of our own. The system's resolver would do each on one of two threads, which all of the
 * process share and which nothing takes back: forty names that are never answered for would silence every other one.
 * Here each look-up has its own sockets, and ends with its signal.
 */
export function nameLookup({ servers, files = systemFiles }: NameLookupOptions = {}): LookUp {
  const names = systemNames(files);
  return async (host, signal) => {
    const { hosts, searchDomains, dots } = await names();
    const known = hosts.get(bareName(host).toLowerCase());
    if (known) return known;
    if (isLocalhost(host)) return ["127.0.0.1", "::1"];
    const resolver = new Resolver({ timeout: answerMs, tries });
    if (servers) resolver.setServers(servers);
    const cancel = () => resolver.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await firstOf(candidates(host, searchDomains, dots), resolver, signal);
    } finally {
      signal.removeEventListener("abort", cancel);
      cancel();
    }
  };
}

/** The names that a host may stand for, in the order of resolver(5). */
function candidates(host: string, searchDomains: readonly string[], dots: number): string[] {
  if (host.endsWith(".")) return [bareName(host)];
  const searched = searchDomains.map((domain) => `${host}.${domain}`);
  return host.split(".").length > dots ? [host, ...searched] : [...searched, host];
}

async function firstOf(names: readonly string[], resolver: Resolver, signal: AbortSignal): Promise<readonly string[]> {
  for (const name of names) {
    signal.throwIfAborted();
    const addresses = await addressesOf(name, resolver);
    if (addresses.length > 0) return addresses;
  }
  return [];
}

/** @throws what the name servers fail with, when neither kind of address is known */
async function addressesOf(name: string, resolver: Resolver): Promise<readonly string[]> {
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const failure = answers.find((answer) => answer.status === "rejected" && !absences.has(answer.reason.code));
  if (addresses.length === 0 && failure) throw (failure as PromiseRejectedResult).reason;
  return addresses;
}
