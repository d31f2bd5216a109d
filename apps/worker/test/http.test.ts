import { createMetrics } from "@facefleet/platform";
import { expect, onTestFinished, test } from "vitest";
import { buildHttp } from "../src/http.js";

async function statusOf(listensOn: string, host: string, url: string): Promise<number> {
  const http = buildHttp({ metrics: createMetrics(), checks: {}, host: listensOn });
  onTestFinished(() => http.close());
  return (await http.inject({ url, headers: { host } })).statusCode;
}

test.each(["/livez", "/readyz", "/metrics"])(
  "%s on loopback is asked under names of this machine only",
  async (url) => {
    for (const host of ["127.0.0.1:3001", "localhost:3001", "[::1]:3001"]) {
      expect(await statusOf("127.0.0.1", host, url)).toBe(200);
    }
    for (const host of ["evil.example:3001", "localhost.evil.example", "10.0.0.1:3001", "a b"]) {
      expect(await statusOf("127.0.0.1", host, url)).toBe(403);
      expect(await statusOf("0.0.0.0", host, url)).toBe(200);
    }
  },
);
