import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { freePort, portFault } from "../src/machine/free-port.mjs";
import { ServiceProcess } from "../src/service-process.js";
import { WorkerSupervisor } from "../src/worker-supervisor.js";

const main = fileURLToPath(new URL("fixtures/service.mjs", import.meta.url));
const never = new AbortController().signal;

async function service(env: Record<string, string> = {}, port?: number): Promise<ServiceProcess & { port: number }> {
  const own = port ?? (await freePort());
  const started = new ServiceProcess({
    name: "fixture",
    main,
    env: { PORT: String(own), ...env },
    address: `http://127.0.0.1:${own}`,
  });
  return Object.assign(started, { port: own });
}

it("is ready when /readyz says so, and ends when it is asked to", async () => {
  const running = await service();
  await running.ready(10_000, never);
  await running.stop(10_000);
  expect(await running.ended).toBe("exit code 0");
  expect(await portFault(running.port, "127.0.0.1")).toBeUndefined();
});

it("reports how it ended before it was ready", async () => {
  const failing = await service({ MODE: "fails" });
  await expect(failing.ready(10_000, never)).rejects.toThrow(
    "Expected the fixture to start but it ended with exit code 3",
  );
});

it("does not wait for ever to be ready", async () => {
  const unready = await service({ MODE: "never" });
  await expect(unready.ready(600, never)).rejects.toThrow("ready within 0.6 s");
  await unready.stop(5000);
});

it("is killed when it does not end in time", async () => {
  const deaf = await service({ MODE: "deaf" });
  await deaf.ready(10_000, never);
  await deaf.stop(300);
  expect(await deaf.ended).toBe("SIGKILL");
});

it("ends when the process that started it is killed", async () => {
  const port = await freePort();
  const script = fileURLToPath(new URL("fixtures/hold-service.mjs", import.meta.url));
  const holder = spawn(process.execPath, [script, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  expect(await portFault(port, "127.0.0.1")).toBe("EADDRINUSE");
  holder.kill("SIGKILL");
  await expect.poll(() => portFault(port, "127.0.0.1")).toBeUndefined();
});

it("is started again after it has died", async () => {
  const lines: string[] = [];
  const started: ServiceProcess[] = [];
  const supervisor = new WorkerSupervisor({
    start: async () => {
      const next = await service({ MODE: "ready" });
      started.push(next);
      return next;
    },
    readyTimeoutMs: 10_000,
    firstPauseMs: 10,
    say: (line) => lines.push(line),
  });
  await supervisor.start(never);
  const watching = supervisor.watch();
  started[0]!.kill();
  await expect.poll(() => started.length).toBe(2);
  await started[1]!.ready(10_000, never);
  expect(lines).toEqual(["The worker ended with SIGKILL; starting another one in 0.01 s"]);
  await supervisor.stop(5000);
  expect(await watching).toBe("stopped");
});

it("is given up when it dies again and again", async () => {
  const supervisor = new WorkerSupervisor({
    start: () => service({ MODE: "mortal", DIE_MS: "400" }),
    readyTimeoutMs: 10_000,
    firstPauseMs: 10,
    maxRestarts: 2,
    say: () => undefined,
  });
  await supervisor.start(never);
  expect(await supervisor.watch()).toBe("The worker died 3 times, at last with exit code 4");
});

it("starts no other one while it stops", async () => {
  let starts = 0;
  const supervisor = new WorkerSupervisor({
    start: () => {
      starts++;
      return service({ MODE: "mortal", DIE_MS: "300" });
    },
    readyTimeoutMs: 10_000,
    firstPauseMs: 60_000,
    say: () => undefined,
  });
  await supervisor.start(never);
  const watching = supervisor.watch();
  await sleep(600);
  await supervisor.stop(1000);
  expect(await watching).toBe("stopped");
  expect(starts).toBe(1);
});
