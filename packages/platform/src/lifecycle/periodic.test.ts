import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { Periodic } from "./periodic.js";

it("runs again and again, never twice at once, and not after it was stopped", async () => {
  let [running, most, runs] = [0, 0, 0];
  const periodic = new Periodic(5, async () => {
    running += 1;
    most = Math.max(most, running);
    await sleep(15);
    running -= 1;
    runs += 1;
  });
  expect(runs).toBe(0);
  periodic.start();
  await expect.poll(() => runs).toBeGreaterThanOrEqual(3);
  expect(periodic.isStopped).toBe(false);
  await periodic.stop();
  expect([periodic.isStopped, running, most]).toEqual([true, 0, 1]);
  const after = runs;
  await sleep(30);
  expect(runs).toBe(after);
});
