import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { DeviceQueue } from "./device-queue.js";

const log = (done: string[], name: string) => async () => {
  await delay(2);
  done.push(name);
};

it("does one thing at a time, the lowest rank first, and equals in order", async () => {
  const device = new DeviceQueue();
  const done: string[] = [];
  const work = [3, 1, 2, 1].map((rank, i) => device.run(() => rank, log(done, `${rank}${"abcd"[i]}`)));
  await Promise.all(work);
  expect(done).toEqual(["1b", "1d", "2c", "3a"]);
});

it("asks for ranks when the device is free, and lets what follows from a result be next", async () => {
  const device = new DeviceQueue();
  const done: string[] = [];
  let late = 9;
  const first = device.run(() => 0, log(done, "first")).then(() => device.run(() => 1, log(done, "follows")));
  const raised = device.run(() => late, log(done, "raised"));
  const other = device.run(() => 5, log(done, "other"));
  await delay(1);
  late = 2;
  await Promise.all([first, raised, other]);
  expect(done).toEqual(["first", "follows", "raised", "other"]);
});

it("hands on what the work throws and goes on", async () => {
  const device = new DeviceQueue();
  const failing = device.run(
    () => 0,
    () => Promise.reject(new Error("broken")),
  );
  const next = device.run(
    () => 0,
    async () => "fine",
  );
  await expect(failing).rejects.toThrow("broken");
  await expect(next).resolves.toBe("fine");
});
