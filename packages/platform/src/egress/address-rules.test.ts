import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { cloudAddresses, specialNetworks } from "../../test/egress/special-networks.js";
import { isPublic, parseAddress } from "./address-rules.js";
import { AllowList } from "./allow-list.js";

const networks = Object.entries(specialNetworks);
const kindOf = (cidr: string) => (cidr.includes(":") ? ipaddr.IPv6 : ipaddr.IPv4);
const firstOf = (cidr: string) => kindOf(cidr).networkAddressFromCIDR(cidr);
const lastOf = (cidr: string) =>
  cidr.includes(":") ? lastOfIPv6(ipaddr.IPv6.parseCIDR(cidr)) : ipaddr.IPv4.broadcastAddressFromCIDR(cidr);

function lastOfIPv6([address, bits]: [ipaddr.IPv6, number]): ipaddr.IPv6 {
  const bytes = address.toByteArray();
  return new ipaddr.IPv6(bytes.map((byte, at) => byte | (0xff >> Math.min(8, Math.max(0, bits - 8 * at)))));
}

/** The address one below or above. */
function next(address: ipaddr.IPv4 | ipaddr.IPv6, step: 1 | -1): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bytes = address.toByteArray();
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    bytes[at] = (bytes[at]! + step) & 0xff;
    if (bytes[at] !== (step === 1 ? 0 : 0xff)) return ipaddr.fromByteArray(bytes);
  }
  return undefined;
}

const isSpecial = (address: ipaddr.IPv4 | ipaddr.IPv6) =>
  networks.some(
    ([cidr]) =>
      kindOf(cidr).parseCIDR(cidr)[0].kind() === address.kind() && address.match(ipaddr.parseCIDR(cidr) as never),
  );

describe("the public internet", () => {
  it.each(networks)("is not %s, %s: from its first address to its last", (cidr) => {
    const [first, last] = [firstOf(cidr), lastOf(cidr)];
    expect([isPublic(first), isPublic(last)]).toEqual([false, false]);
    const neighbours = [next(first, -1), next(last, 1)].filter((address) => address !== undefined);
    const ordinary = neighbours.filter((address) => !isSpecial(address));
    // Of IPv6 no more than what is given to hosts.
    const expected = ordinary.map((address) => address.kind() === "ipv4" || /^[23]\w{3}:/.test(`${address}`));
    expect(ordinary.map(isPublic)).toEqual(expected);
  });

  it.each(Object.entries(cloudAddresses))("is not %s, %s", (address) => {
    expect(isPublic(parseAddress(address)!)).toBe(false);
  });
});

describe("a network that an operator opens", () => {
  const allows = (entries: string[], address: string) => new AllowList(entries).allows(address, address);

  it.each(Object.keys(cloudAddresses))("opens %s only when it is that address alone", (address) => {
    const wide = ["0.0.0.0/0", "::/0", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fd00::/8", "168.63.128.0/17"];
    expect(allows(wide, address)).toBe(false);
    expect(allows([...wide, address], address)).toBe(true);
  });

  it.each([
    ["127.0.0.1", "127.0.0.0/8"],
    ["0.0.0.0", "0.0.0.0/8"],
    ["169.254.1.1", "169.254.0.0/16"],
    ["224.0.0.1", "224.0.0.0/4"],
    ["198.18.0.1", "198.18.0.0/15"],
    ["::1", "::1/128"],
    ["::", "::/128"],
    ["fe80::1", "fe80::/10"],
    ["::ffff:127.0.0.1", "::ffff:0:0/96"],
    ["::ffff:169.254.169.254", "::ffff:169.254.169.254/128"],
    ["64:ff9b::7f00:1", "64:ff9b::/96"],
    ["2002:7f00:1::", "2002::/16"],
  ])("opens %s only when it lies within %s or the like", (address, own) => {
    const wide = ["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "::/64", "2000::/3"];
    expect(allows(wide, address)).toBe(false);
    expect(allows([own], address)).toBe(true);
  });

  it("opens every private network that it covers", () => {
    for (const address of ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1"]) {
      expect(allows(["0.0.0.0/0"], address)).toBe(true);
      expect(allows(["::/0"], address)).toBe(false);
    }
    expect(allows(["::/0"], "fd12::1")).toBe(true);
  });

  it("opens nothing by an IPv6 form of an IPv4 address", () => {
    for (const address of ["::ffff:10.0.0.1", "::10.0.0.1", "::127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"]) {
      expect(allows(["0.0.0.0/0", "::/0"], address)).toBe(false);
    }
  });
});
