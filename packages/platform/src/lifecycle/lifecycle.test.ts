import { describe, expect, it } from "vitest";
import { createLogger } from "../logging/index.js";
import { Lifecycle } from "./lifecycle.js";

const open = (deadlineMs = 5000) => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: "test", level: "info", format: "json", destination });
  return { lifecycle: new Lifecycle({ logger, deadlineMs }), log: () => lines.join("") };
};
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("Lifecycle", () => {
  it("closes in reverse order, one after the other", async () => {
    const { lifecycle } = open();
    const events: string[] = [];
    for (const name of ["redis", "store", "http"]) {
      lifecycle.onStop(name, async () => {
        events.push(`${name} closing`);
        await soon();
        events.push(`${name} closed`);
      });
    }
    expect(await lifecycle.stop("SIGTERM")).toBe(true);
    expect(events).toEqual(["http", "store", "redis"].flatMap((name) => [`${name} closing`, `${name} closed`]));
  });

  it("goes on after a closer that fails, and logs it", async () => {
    const { lifecycle, log } = open();
    const closed: string[] = [];
    lifecycle.onStop("first", () => closed.push("first"));
    lifecycle.onStop("rejecting", () => Promise.reject(new Error("no connection")));
    lifecycle.onStop("throwing", () => {
      throw new Error("not open");
    });
    expect(await lifecycle.stop("SIGTERM")).toBe(true);
    expect(closed).toEqual(["first"]);
    expect(log()).toContain("no connection");
    expect(log()).toContain("not open");
  });

  it("gives up at the deadline, and names what hangs", async () => {
    const { lifecycle, log } = open(30);
    lifecycle.onStop("hanging", () => new Promise(() => {}));
    const started = performance.now();
    expect(await lifecycle.stop("SIGTERM")).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(log()).toContain('"closing":"hanging"');
  });

  it("stops once, and gives every caller the same promise", async () => {
    const { lifecycle } = open();
    let closed = 0;
    lifecycle.onStop("counter", () => {
      closed += 1;
    });
    const first = lifecycle.stop("SIGTERM");
    expect(lifecycle.stop("SIGINT")).toBe(first);
    await first;
    expect(lifecycle.stop("again")).toBe(first);
    expect(closed).toBe(1);
  });

  it("closes what is opened while it stops", async () => {
    const { lifecycle } = open();
    let closed = false;
    lifecycle.onStop("starter", async () => {
      await soon();
      lifecycle.onStop("late", () => {
        closed = true;
      });
    });
    await lifecycle.stop("SIGTERM");
    expect(closed).toBe(true);
  });
});
