import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

/** What this machine says of names, besides its name servers. */
export interface SystemNames {
  /** By lower-case name: `/etc/hosts`. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  /** What a short name is tried with behind it: `search` of `/etc/resolv.conf`. */
  readonly searchDomains: readonly string[];
  /** A name with as many dots is tried by itself before that. */
  readonly dots: number;
}

export interface SystemFiles {
  readonly hosts: string;
  readonly resolver: string;
}

/** How long what was read counts, in milliseconds: both files are small, and changed while a fleet runs. */
const readEveryMs = 5000;

/** Reads both files again now and then. One that is not there says nothing. */
export function systemNames(files: SystemFiles): () => Promise<SystemNames> {
  let read: Promise<SystemNames> | undefined;
  let readAt = 0;
  return () => {
    if (!read || Date.now() - readAt > readEveryMs) {
      read = readNames(files);
      readAt = Date.now();
    }
    return read;
  };
}

async function readNames(files: SystemFiles): Promise<SystemNames> {
  const text = (file: string) => readFile(file, "utf8").catch(() => "");
  const [hosts, resolver] = await Promise.all([text(files.hosts), text(files.resolver)]);
  return { hosts: hostsIn(hosts), ...searchIn(resolver) };
}

/** hosts(5): an address and its names a line. */
function hostsIn(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const [address = "", ...names] of wordsOf(text)) {
    if (!isIP(address)) continue;
    for (const name of names) hosts.set(name.toLowerCase(), [...(hosts.get(name.toLowerCase()) ?? []), address]);
  }
  return hosts;
}

/** resolv.conf(5): the last `search` or `domain` counts. */
function searchIn(text: string): Pick<SystemNames, "searchDomains" | "dots"> {
  let searchDomains: string[] = [];
  let dots = 1;
  for (const [keyword, ...values] of wordsOf(text)) {
    if (keyword === "search") searchDomains = values;
    if (keyword === "domain") searchDomains = values.slice(0, 1);
    const ndots = keyword === "options" && values.find((value) => /^ndots:\d{1,2}$/.test(value));
    if (ndots) dots = Number(ndots.slice("ndots:".length));
  }
  // "." stands for no domain at all.
  return { searchDomains: searchDomains.filter((domain) => domain !== "."), dots };
}

function wordsOf(text: string): string[][] {
  const lines = text.split("\n").map((line) => line.replace(/[#;].*/, "").trim());
  return lines.filter((line) => line !== "").map((line) => line.split(/\s+/));
}
