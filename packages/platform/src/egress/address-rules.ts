import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * Where clouds answer any program on their machines, mostly with its credentials: AWS and its ECS and EKS, Azure, Google,
 * Oracle, Alibaba, Tencent, UCloud, Scaleway, Akamai. Some are private addresses, and Azure's is a public one.
 */
const metadataNetworks: readonly Network[] = [
  "169.254.169.254/32",
  "169.254.170.2/32",
  "169.254.170.23/32",
  "169.254.42.42/32",
  "169.254.0.23/32",
  "168.63.129.16/32",
  "100.100.100.200/32",
  "100.80.80.80/32",
  "192.0.0.192/32",
  "fd00:ec2::/32",
  "fd20:ce::254/128",
  "fd00:c1::a9fe:a9fe/128",
  "fd00:42::42/128",
  "fd00:a9fe:a9fe::1/128",
  "fd00:100::100:200/128",
].map((network) => ipaddr.parseCIDR(network));

/** RFC 4291: all of IPv6 that is routed to one host, worldwide. What lies outside may embed an IPv4 address. */
const globalUnicast: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

const privateRanges = new Set(["private", "carrierGradeNat", "uniqueLocal"]);

export type Network = [Address, number];

/**
 * An address in its one usual form.
 * @returns nothing for text in any other form, such as `127.1`, which only some programs take for an address
 */
export function parseAddress(text: string): Address | undefined {
  return isIP(text) ? ipaddr.parse(text) : undefined;
}

/**
 * Whether an address belongs to one host of the public internet. Everything with a special purpose is refused: this
 * is a list of what may be, so that an IPv6 form that nobody has thought of is not.
 */
export function isPublic(address: Address): boolean {
  return purposeOf(address) === "unicast" && !isMetadata(address);
}

/** Whether an address belongs to a private network, and is none where a cloud hands out credentials. */
export function isPrivate(address: Address): boolean {
  return privateRanges.has(purposeOf(address)) && !isMetadata(address);
}

/**
 * Whether an operator meant this address by this network. Of what is neither public nor private, loopback among it, a
 * network opens only what has the same purpose as all of it; of metadata addresses, only the one that it is.
 */
export function isOpenedBy(address: Address, network: Network): boolean {
  const [first, bits] = network;
  if (!isWithin(address, network)) return false;
  if (bits === lengthOf(first)) return true;
  if (isMetadata(address)) return false;
  const purpose = purposeOf(address);
  if (purpose === "unicast" || privateRanges.has(purpose)) return true;
  return endsOf(network).every((end) => purposeOf(end) === purpose);
}

/** The kind of its range; of IPv6, `unicast` is what may be one host's. */
function purposeOf(address: Address): string {
  const range = address.range();
  return range === "unicast" && address.kind() === "ipv6" && !address.match(globalUnicast) ? "unassigned" : range;
}

function isMetadata(address: Address): boolean {
  const plain = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
  return metadataNetworks.some((network) => isWithin(plain, network));
}

function isWithin(address: Address, [first, bits]: Network): boolean {
  return address.kind() === first.kind() && address.match(first, bits);
}

/** The first and the last address of a network. */
function endsOf([first, bits]: Network): Address[] {
  const bytes = first.toByteArray();
  const masks = bytes.map((_, at) => 0xff >> Math.min(8, Math.max(0, bits - 8 * at)));
  const end = (byteOf: (byte: number, mask: number) => number) =>
    ipaddr.fromByteArray(bytes.map((byte, at) => byteOf(byte, masks[at]!)));
  return [end((byte, mask) => byte & ~mask), end((byte, mask) => byte | mask)];
}

function lengthOf(address: Address): number {
  return address.kind() === "ipv4" ? 32 : 128;
}
