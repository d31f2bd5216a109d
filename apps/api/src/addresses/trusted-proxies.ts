import { BlockList, isIP } from "node:net";

/** As Express and Fastify call them. */
const namedNetworks: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** Whether what connects from an address is a proxy whose `X-Forwarded-` headers are believed. */
export type TrustsProxy = (address: string | undefined) => boolean;

/** @param networks without a fault, see `proxiesFault` */
export function trustsProxies(networks: readonly string[] = []): TrustsProxy {
  const trusted = new BlockList();
  for (const network of networks.flatMap((entry) => namedNetworks[entry] ?? [entry])) addNetwork(trusted, network);
  return (address) => address !== undefined && trusted.check(address, familyOf(address));
}

/** What is wrong with a list of networks, if anything is. */
export function proxiesFault(networks: readonly string[]): string | undefined {
  const bad = networks.find((entry) => namedNetworks[entry] === undefined && !isNetwork(entry));
  if (bad === undefined) return undefined;
  const names = Object.keys(namedNetworks).join(", ");
  return `Expected addresses, networks such as 10.0.0.0/8, or ${names} but received ${JSON.stringify(bad)}`;
}

function isNetwork(entry: string): boolean {
  const [address = "", bits = "0", ...rest] = entry.split("/");
  const longest = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
}

function addNetwork(list: BlockList, network: string): void {
  const [address = "", bits] = network.split("/");
  if (bits === undefined) list.addAddress(address, familyOf(address));
  else list.addSubnet(address, Number(bits), familyOf(address));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 4 ? "ipv4" : "ipv6";
}
