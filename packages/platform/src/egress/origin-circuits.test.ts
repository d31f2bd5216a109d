import { expect, test } from "vitest";
import type { Pass } from "./origin-circuit.js";
import { OriginCircuits, originOf } from "./origin-circuits.js";

test("each tenant's receivers are apart, whatever their paths", () => {
  const circuits = new OriginCircuits({ bound: 1 });
  const isLet = (tenant: string, url: string) => "succeeded" in circuits.enter(tenant, url);
  expect(isLet("a", "https://one.test/x")).toBe(true);
  expect(isLet("a", "https://one.test/y")).toBe(false);
  expect(isLet("a", "https://one.test:8443/x")).toBe(true);
  expect(isLet("b", "https://one.test/x")).toBe(true);
});

test("forgets receivers that are well", () => {
  const circuits = new OriginCircuits({ bound: 1 });
  for (let i = 0; i < 100; i++) (circuits.enter("a", `https://host-${i}.test/`) as Pass).succeeded();
  expect(circuits.size).toBeLessThan(3);
});

test("keeps no more than ten thousand that are not", () => {
  const circuits = new OriginCircuits({ bound: 1 });
  for (let i = 0; i < 11_000; i++) (circuits.enter("a", `https://host-${i}.test/`) as Pass).failed();
  expect(circuits.size).toBe(10_000);
});

test("shows of a URL only where it leads", () => {
  expect(originOf("https://user:pass@one.test:8443/hook/secret?key=1")).toBe("https://one.test:8443");
  expect(originOf("nonsense")).toBe("invalid");
});
