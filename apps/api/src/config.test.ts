import { describe, expect, it } from "vitest";
import { loadApiConfig } from "./config.js";

describe("the API's configuration", () => {
  it("listens on loopback when nothing is set", () => {
    expect(loadApiConfig({})).toMatchObject({
      HOST: "127.0.0.1",
      PORT: 3000,
      SYNC_TIMEOUT: 30,
      MAX_IMAGE_BYTES: 20_971_520,
    });
  });

  it.each(["0.0.0.0", "::", "192.168.1.2", "127.faces.test"])("refuses HOST=%s without AUTH=none", (HOST) => {
    expect(() => loadApiConfig({ HOST })).toThrow(/AUTH=none/);
    expect(loadApiConfig({ HOST, AUTH: "none" }).HOST).toBe(HOST);
  });

  it("takes networks and names for EGRESS_ALLOW, and names the first that is neither", () => {
    const EGRESS_ALLOW = "10.0.0.0/8, photos.internal";
    expect(loadApiConfig({ EGRESS_ALLOW }).EGRESS_ALLOW).toEqual(["10.0.0.0/8", "photos.internal"]);
    const bad = { EGRESS_ALLOW: `${EGRESS_ALLOW}, 10.0.0.0/64`, PORT: "x" };
    expect(() => loadApiConfig(bad)).toThrow(/PORT: .*\n.*EGRESS_ALLOW: Expected .* received "10\.0\.0\.0\/64"/);
  });

  it("takes every HOST with a file of keys", () => {
    expect(loadApiConfig({ HOST: "0.0.0.0", API_KEYS_FILE: "keys.json" })).toMatchObject({
      HOST: "0.0.0.0",
      API_KEYS_FILE: "keys.json",
    });
    expect(() => loadApiConfig({ HOST: "0.0.0.0", API_KEYS_FILE: " " })).toThrow(/HOST: .*no API_KEYS_FILE/);
  });

  it("does not guess what AUTH=none with a file of keys means", () => {
    const load = () => loadApiConfig({ AUTH: "none", API_KEYS_FILE: "keys.json" });
    expect(load).toThrow(/AUTH: Expected it to be unset, because there is an API_KEYS_FILE/);
  });

  it("leaves time to answer after SHUTDOWN_DELAY", () => {
    expect(loadApiConfig({ SHUTDOWN_DELAY: "24.5" }).SHUTDOWN_DELAY).toBe(24.5);
    const load = () => loadApiConfig({ SHUTDOWN_DELAY: "5", SHUTDOWN_DEADLINE: "5" });
    expect(load).toThrow(/SHUTDOWN_DELAY: Expected less than SHUTDOWN_DEADLINE, which is 5, but received 5/);
  });

  it.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("takes HOST=%s", (HOST) => {
    expect(loadApiConfig({ HOST }).HOST).toBe(HOST);
  });
});
