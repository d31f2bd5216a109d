import { expect, test } from "vitest";
import type { Pass, PutAside } from "./origin-circuit.js";
import { OriginCircuits, originOf } from "./origin-circuits.js";

test("each tenant's receivers are apart, whatever their paths", () => {
  const circuits = new OriginCircuits({ concurrency: 4 });
  const isLet = (tenant: string, url: string) => "succeeded" in circuits.enter(tenant, url);
  expect(isLet("a", "https://one.test/x")).toBe(true);
  expect(isLet("a", "https://one.test/y")).toBe(false);
  expect(isLet("a", "https://one.test:8443/x")).toBe(true);
  expect(isLet("b", "https://one.test/x")).toBe(true);
});

test("lets no tenant hold more than the bound with origins that do not answer, and others be", () => {
  let now = 0;
  const circuits = new OriginCircuits({ concurrency: 4, now: () => now });
  let count = 0;
  const enter = (tenant: string) => circuits.enter(tenant, `https://silent-${count++}.test/`);
  const passes = Array.from({ length: 20 }, () => enter("a") as Pass);
  now = 1000;
  const aside = enter("a") as PutAside;
  expect(aside).toMatchObject({ isOpen: false });
  expect(aside.waitMs).toBeGreaterThanOrEqual(250);
  expect("succeeded" in enter("b")).toBe(true);
  now = 15_000;
  for (const pass of passes.slice(0, 17)) pass.failed();
  // Those that come again are as far apart as the slow ones took.
  for (let i = 0; i < 4; i++) expect("succeeded" in enter("a")).toBe(true);
  now = 17_000;
  const [first, second] = [enter("a") as PutAside, enter("a") as PutAside];
  expect(second.waitMs - first.waitMs).toBeGreaterThan(2000);
});

test("forgets receivers that are well", () => {
  const circuits = new OriginCircuits({ concurrency: 4 });
  for (let i = 0; i < 100; i++) (circuits.enter("a", `https://host-${i}.test/`) as Pass).succeeded();
  expect(circuits.size).toBeLessThan(3);
});

test("keeps no more than ten thousand that are not", () => {
  const circuits = new OriginCircuits({ concurrency: 4 });
  for (let i = 0; i < 11_000; i++) (circuits.enter("a", `https://host-${i}.test/`) as Pass).failed();
  expect(circuits.size).toBe(10_000);
});

test("shows of a URL only where it leads", () => {
  expect(originOf("https://user:pass@one.test:8443/hook/secret?key=1")).toBe("https://one.test:8443");
  expect(originOf("nonsense")).toBe("invalid");
});
