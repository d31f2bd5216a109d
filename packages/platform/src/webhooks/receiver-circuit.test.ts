import { describe, expect, test } from "vitest";
import { type Pass, type PutAside, ReceiverCircuit } from "./receiver-circuit.js";

function circuitOf({ bound = 2 } = {}) {
  let time = 1_000_000;
  const circuit = new ReceiverCircuit({ bound, now: () => time, random: () => 0.5 });
  const pass = () => circuit.enter() as Pass;
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) pass().failed();
  };
  const waitMs = () => (circuit.enter() as PutAside).waitMs;
  const isClosed = () => "succeeded" in circuit.enter();
  return { circuit, pass, fail, waitMs, isClosed, later: (ms: number) => (time += ms) };
}

describe("the circuit of a receiver", () => {
  test("lets as many on their way as its bound", () => {
    const { pass, waitMs } = circuitOf({ bound: 2 });
    const first = pass();
    pass();
    expect(waitMs()).toBe(250);
    first.succeeded();
    expect(pass()).toHaveProperty("succeeded");
  });

  test("opens after five failures in a row", () => {
    const { fail, pass, waitMs, isClosed } = circuitOf();
    fail(4);
    pass().succeeded();
    fail(4);
    expect(isClosed()).toBe(true);
    fail(1);
    expect(waitMs()).toBe(5000);
  });

  test("then lets one event see how the receiver is, and closes when it is well", () => {
    const { fail, pass, waitMs, isClosed, later } = circuitOf();
    fail(5);
    later(5000);
    const probe = pass();
    expect(waitMs()).toBeGreaterThan(0);
    probe.succeeded();
    expect(isClosed()).toBe(true);
    expect(isClosed()).toBe(true);
  });

  test("stays open twice as long after each probe that fails, five minutes at most", () => {
    const { fail, later, circuit } = circuitOf();
    fail(5);
    const openSeconds = Array.from({ length: 8 }, () => {
      for (let seconds = 0; ; seconds++, later(1000)) {
        const entry = circuit.enter();
        if (!("failed" in entry)) continue;
        entry.failed();
        return seconds;
      }
    });
    expect(openSeconds).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  });

  test("a probe that was not sent lets another be one", () => {
    const { fail, pass, later, isClosed } = circuitOf();
    fail(5);
    later(5000);
    pass().abandoned();
    expect(isClosed()).toBe(true);
  });

  test("what was on its way when it opened does not keep it open longer", () => {
    const { fail, pass, later, isClosed } = circuitOf({ bound: 10 });
    const late = [pass(), pass(), pass()];
    fail(5);
    later(1000);
    for (const { failed } of late) failed();
    later(4000);
    expect(isClosed()).toBe(true);
  });

  test("gives events that wait places as far apart as the receiver takes", () => {
    const { pass, waitMs, later } = circuitOf({ bound: 2 });
    for (let i = 0; i < 40; i++) {
      const entry = pass();
      later(1000);
      entry.succeeded();
    }
    pass();
    pass();
    const waits = Array.from({ length: 4 }, waitMs);
    expect(waits[0]).toBe(250);
    for (let i = 1; i < 4; i++) expect(waits[i]! - waits[i - 1]!).toBeCloseTo(500, -1);
  });

  test("puts nothing aside for longer than five minutes", () => {
    const { fail, waitMs } = circuitOf({ bound: 1 });
    fail(5);
    const waits = Array.from({ length: 10_000 }, waitMs);
    expect(Math.max(...waits)).toBeLessThanOrEqual(300_000);
  });
});
