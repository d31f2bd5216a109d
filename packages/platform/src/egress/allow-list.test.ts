import { describe, expect, it } from "vitest";
import { AllowList, allowFault } from "./allow-list.js";

const allows = (entries: string[], address: string, host = address) => new AllowList(entries).allows(address, host);

describe("what may be connected to", () => {
  it.each(["1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "169.253.0.1", "198.20.0.1"])(
    "is %s, with nothing opened",
    (address) => expect(allows([], address)).toBe(true),
  );

  it.each(["2606:4700:4700::1111", "2a00:1450:4001::1", "2400:cb00::1", "2001:4860:4860::8888", "2620:fe::fe"])(
    "is %s, with nothing opened",
    (address) => expect(allows([], address)).toBe(true),
  );

  it.each(["", "127.1", "0x7f.1", "2130706433", "photos.test", "1.1.1.1:80", "[::1]"])(
    "is not %j, which is no address",
    (text) => expect(allows(["0.0.0.0/0", "::/0"], text)).toBe(false),
  );

  it("is what lies in an opened network", () => {
    expect(allows(["10.0.0.0/8"], "10.255.0.1")).toBe(true);
    expect(allows(["10.0.0.0/8"], "192.168.0.1")).toBe(false);
    expect(allows(["10.1.0.0/16"], "10.2.0.1")).toBe(false);
    expect(allows(["127.0.0.0/8"], "127.0.0.1")).toBe(true);
    expect(allows(["192.168.7.7"], "192.168.7.7")).toBe(true);
    expect(allows(["192.168.7.7"], "192.168.7.8")).toBe(false);
    expect(allows(["::1"], "::1")).toBe(true);
    expect(allows(["fd00::/8"], "fd12::1")).toBe(true);
    expect(allows(["fd00::/8"], "fe80::1")).toBe(false);
  });

  it("is not an IPv4 address of an opened network inside an IPv6 address", () => {
    for (const address of ["::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"]) {
      expect(allows(["10.0.0.0/8"], address)).toBe(false);
    }
  });

  it("is a private address that an opened name leads to", () => {
    for (const address of ["10.0.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "1.1.1.1"]) {
      expect(allows(["photos.internal"], address, "photos.internal")).toBe(true);
      expect(allows(["PHOTOS.internal"], address, "photos.internal.")).toBe(true);
    }
    expect(allows(["photos.internal"], "10.0.0.1", "a.photos.internal")).toBe(false);
    expect(allows(["photos.internal"], "10.0.0.1", "10.0.0.1")).toBe(false);
  });

  it.each(["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "::ffff:10.0.0.1"])(
    "is not %s because an opened name leads to it",
    (address) => expect(allows(["photos.internal"], address, "photos.internal")).toBe(false),
  );

  it.each(["fd00:ec2::254", "fd20:ce::254", "100.100.100.200"])(
    "is a cloud's metadata at %s only when that is opened by itself",
    (address) => {
      const wide = ["fc00::/7", "100.64.0.0/10", "::/0", "0.0.0.0/0", "photos.internal"];
      expect(allows(wide, address, "photos.internal")).toBe(false);
      expect(allows([...wide, address], address)).toBe(true);
    },
  );
});

describe("a list of what is opened", () => {
  it.each([
    "10.0.0.0/8",
    "10.1.2.3/8",
    "192.168.1.1",
    "0.0.0.0/0",
    "::1",
    "fd00::/8",
    "2001:DB8::/32",
    "photos",
    "a-b.c_d.e",
  ])("may hold %s", (entry) => expect(allowFault(["10.0.0.0/8", entry])).toBeUndefined());

  it.each([
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/255.0.0.0",
    "10/8",
    "10.1",
    "010.0.0.1",
    "0x7f.1",
    "2130706433",
    "::/129",
    "[::1]",
    "fe80::1%eth0",
    "fe80::%eth0/10",
    "*.internal",
    "http://photos.internal",
    "photos.internal:8080",
    "photos.internal/a",
    "photos.internal.",
    "photos internal",
    "фото.test",
    "user@photos",
    "localhost",
    "a.localhost",
    "",
  ])("may not hold %j", (entry) => {
    expect(allowFault(["10.0.0.0/8", entry])).toMatch(`received ${JSON.stringify(entry)}`);
  });
});
