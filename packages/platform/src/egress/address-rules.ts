import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/**
 * Where clouds answer any program on their machines with its credentials, besides 169.254.169.254, which is
 * link-local: AWS and Google over IPv6, Alibaba.
 */
const metadataAddresses = ["fd00:ec2::254", "fd20:ce::254", "100.100.100.200"].map((address) => ipaddr.parse(address));

/** RFC 4291: all of IPv6 that is routed to one host, worldwide. What lies outside may embed an IPv4 address. */
const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

const privateRanges = new Set(["private", "carrierGradeNat", "uniqueLocal"]);

export type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * An address in its one usual form.
 * @returns nothing for text in any other form, such as `127.1`, which only some programs take for an address
 */
export function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  return isIP(text) ? ipaddr.parse(text) : undefined;
}

/**
 * Whether an address belongs to one host of the public internet. Everything with a special purpose is refused: this
 * is a list of what may be, so that an IPv6 form that nobody has thought of is not.
 */
export function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address.range() !== "unicast") return false;
  return address.kind() === "ipv4" || address.match(globalUnicast);
}

/** Whether an address belongs to a private network, and is none where a cloud hands out credentials. */
export function isPrivate(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return privateRanges.has(address.range()) && !isMetadata(address);
}

/** Whether an operator meant this address by this network; metadata addresses are meant only when written alone. */
export function isOpenedBy(address: ipaddr.IPv4 | ipaddr.IPv6, [first, bits]: Network): boolean {
  if (first.kind() !== address.kind()) return false;
  const isAlone = bits === (first.kind() === "ipv4" ? 32 : 128);
  return address.match(first, bits) && (isAlone || !isMetadata(address));
}

function isMetadata(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return metadataAddresses.some((metadata) => metadata.toString() === address.toString());
}
