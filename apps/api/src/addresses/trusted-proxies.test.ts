import { describe, expect, it } from "vitest";
import { proxiesFault, trustsProxies } from "./trusted-proxies.js";

describe("the proxies that are believed", () => {
  it("are those of the networks that are named", () => {
    const trusts = trustsProxies(["loopback", "10.1.0.0/16", "2001:db8::7"]);
    for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "2001:db8::7"]) {
      expect([address, trusts(address)]).toEqual([address, true]);
    }
    for (const address of ["10.2.0.1", "192.168.0.1", "2001:db8::8", undefined]) {
      expect([address, trusts(address)]).toEqual([address, false]);
    }
  });

  it("are none unless told", () => {
    expect(trustsProxies()("127.0.0.1")).toBe(false);
  });

  it.each(["true", "1", "10.0.0.0/33", "10.0.0.0/8/8", "proxy.internal", "::1/129"])("are not named by %s", (entry) => {
    expect(proxiesFault(["loopback", entry])).toMatch(/^Expected addresses, networks such as .* but received "/);
  });

  it("are named by addresses, networks, and the usual names", () => {
    expect(proxiesFault(["loopback", "linklocal", "uniquelocal", "10.0.0.0/8", "::1", "fd00::/8"])).toBeUndefined();
  });
});
