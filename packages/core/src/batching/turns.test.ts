import { expect, it } from "vitest";
import { Turns } from "./turns.js";

interface Named {
  readonly name: string;
  readonly flow: string;
  turns: number;
}

function waiting(...all: [name: string, flow: string, turns: number][]): Turns<Named> {
  const turns = new Turns<Named>();
  for (const [name, flow, count] of all) turns.add({ name, flow, turns: count }, flow);
  return turns;
}

function inTurn(turns: Turns<Named>): string {
  let order = "";
  for (let [next] = turns.heads(); next; [next] = turns.heads()) {
    order += next.name;
    next.turns--;
    turns.hadTurn(next, next.flow, { isDone: next.turns === 0 });
  }
  expect(turns.isEmpty).toBe(true);
  return order;
}

it("lets those of one flow take turns", () => {
  expect(inTurn(waiting(["a", "x", 3], ["b", "x", 1], ["c", "x", 2]))).toBe("abcaca");
});

it("lets flows take turns, however many are in each", () => {
  expect(inTurn(waiting(["a", "x", 2], ["b", "x", 2], ["c", "x", 2], ["d", "y", 3]))).toBe("adbdcdabc");
});

it("forgets who is taken out, and the flow with its last", () => {
  const turns = new Turns<Named>();
  const one: Named = { name: "a", flow: "x", turns: 1 };
  turns.add(one, "x");
  expect(turns.delete(one, "x")).toBe(true);
  expect(turns.delete(one, "x")).toBe(false);
  expect(turns.isEmpty).toBe(true);
  turns.hadTurn(one, "x", { isDone: false });
  expect([...turns.heads()]).toEqual([]);
});
