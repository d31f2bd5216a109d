import { describe, expect, test } from "vitest";
import { OriginCircuit, type Pass, type PutAside } from "./origin-circuit.js";

function circuitOf({ bound = 2 } = {}) {
  let time = 1_000_000;
  const circuit = new OriginCircuit({ bound, now: () => time, random: () => 0.5 });
  const pass = () => circuit.enter() as Pass;
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) pass().failed();
  };
  const waitMs = () => (circuit.enter() as PutAside).waitMs;
  const isClosed = () => "succeeded" in circuit.enter();
  return { circuit, pass, fail, waitMs, isClosed, later: (ms: number) => (time += ms) };
}

describe("the circuit of an origin", () => {
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

  test("then lets one request see how the origin is, and closes when it is well", () => {
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

  test("gives those that wait places as far apart as the origin takes", () => {
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

  test("leaves one alone for as long as it asks, then lets one request see how it is", () => {
    const { circuit, pass, later, isClosed } = circuitOf({ bound: 10 });
    const [early, late] = [pass(), pass()];
    pass().failed(20_000);
    expect(circuit.enter()).toEqual({ isOpen: true, waitMs: 20_000 });
    later(1000);
    early!.succeeded();
    late!.failed(5000);
    later(18_999);
    expect(circuit.enter()).toMatchObject({ isOpen: true });
    later(1);
    const probe = pass();
    expect(isClosed()).toBe(false);
    probe.succeeded();
    expect(isClosed()).toBe(true);
  });

  test("tells whether it is in trouble, or only busy", () => {
    const { circuit, pass, fail } = circuitOf({ bound: 1 });
    const first = pass();
    expect(circuit.enter()).toMatchObject({ isOpen: false });
    first.succeeded();
    fail(5);
    expect(circuit.enter()).toMatchObject({ isOpen: true });
  });

  test("puts nothing aside for longer than five minutes", () => {
    const { fail, waitMs } = circuitOf({ bound: 1 });
    fail(5);
    const waits = Array.from({ length: 10_000 }, waitMs);
    expect(Math.max(...waits)).toBeLessThanOrEqual(300_000);
  });
});
