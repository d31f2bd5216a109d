import Fastify from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BodyTurns } from "./body-turns.js";
import { readJsonBodies } from "./json-reader.js";

describe("turns of heavy bodies", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Bodies of these tenants, in the order in which their turns come; each lasts so many milliseconds. */
  function turnsOf(tenants: readonly string[], milliseconds: number): { tenant: string; at: number }[] {
    const turns = new BodyTurns();
    const start = performance.now();
    const begun: { tenant: string; at: number }[] = [];
    for (const tenant of tenants) {
      void turns.take(tenant).then((end) => {
        begun.push({ tenant, at: performance.now() - start });
        setTimeout(end, milliseconds);
      });
    }
    return begun;
  }

  it("go round between tenants", async () => {
    const begun = turnsOf(["a", "a", "a", "b", "c"], 10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun.map(({ tenant }) => tenant)).toEqual(["a", "b", "c", "a", "a"]);
  });

  it("leave the process to everybody else for as long as each took, within bounds", async () => {
    const short = turnsOf(["a", "b", "c"], 10);
    const long = turnsOf(["a", "b", "c"], 400);
    await vi.advanceTimersByTimeAsync(5000);
    expect(short.map(({ at }) => at)).toEqual([0, 20, 40]);
    expect(long.map(({ at }) => at)).toEqual([0, 650, 1300]);
  });

  it("are over in the end, also where nobody says so", async () => {
    const turns = new BodyTurns();
    await turns.take("a");
    const next = vi.fn();
    void turns.take("b").then(next);
    await vi.advanceTimersByTimeAsync(1249);
    expect(next).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(next).toHaveBeenCalled();
  });
});

it("reads heavy bodies one after the other, whatever becomes of those before", async () => {
  const app = Fastify();
  readJsonBodies(app);
  app.post("/", (request) => Object.keys(request.body as object));
  const text = "x".repeat(100_000);
  const bodies = [`{"broken":"${text}`, JSON.stringify({ text }), JSON.stringify({ größe: text }), '{"small":1}'];
  const answers = await Promise.all(
    bodies.map((payload) =>
      app.inject({ method: "POST", url: "/", payload, headers: { "content-type": "application/json" } }),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([400, 200, 200, 200]);
  expect(answers.slice(1).map((answer) => answer.json())).toEqual([["text"], ["größe"], ["small"]]);
  await app.close();
});
