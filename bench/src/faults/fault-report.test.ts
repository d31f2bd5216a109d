import { expect, test } from "vitest";
import { report } from "./fault-report.js";

const none = { accepted: 0, lost: 0, doubled: 0, failed: 0 };
const well = {
  title: "faults",
  faults: [{ part: "redis", kind: "kill", trouble: 0, from: 0, lasts: 500 }],
  audit: {
    counts: { jobs: { ...none, accepted: 3 }, items: none, batches: none, webhooks: none },
    broken: [],
    resent: 1,
  },
  left: { uploads: [], objects: [], keys: [] },
  logs: [{ name: "api-1", one: { perSecond: 0.4, mostly: "" }, two: { perSecond: 1.4, mostly: "" } }],
  deaths: [],
} as const;

test("of a run without a fault of ours has nothing that must not be", () => {
  const { broken, figures } = report(well);
  expect(broken).toEqual([]);
  expect(figures).toContainEqual({ what: "redis", kill: 1, freeze: 0, restart: 0, refuse: 0, hang: 0, mute: 0 });
  expect(figures).toContainEqual({ what: "jobs", accepted: 3, lost: 0, doubled: 0, "failed for our faults": 0 });
});

test("names what must not be, and not all of what is left", () => {
  const keys = ["a", "b", "c", "d", "e", "f", "g"];
  const { broken } = report({
    ...well,
    audit: { ...well.audit, broken: ["job j1 has not ended"] },
    left: { ...well.left, keys },
    logs: [{ ...well.logs[0], one: { perSecond: 1.1, mostly: "no INFO (9 times)" } }],
    deaths: ["worker-1: exit code 1"],
  });
  expect(broken).toEqual([
    "job j1 has not ended",
    "keys left: a, b, c, d, e and 2 more",
    "api-1, lines of trouble a second with one away: 1.1, mostly: no INFO (9 times)",
    "worker-1: exit code 1",
  ]);
});
