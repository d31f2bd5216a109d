import { expect, it } from "vitest";
import { atFalseAcceptRate, countEveryPair, everyPair } from "./every-pair.js";

/** Pictures on a circle, at angles in degrees, of whoever the first letter says. */
const pictures = (...named: readonly string[]) =>
  named.map((name) => {
    const radians = (Number(name.slice(1)) * Math.PI) / 180;
    return { person: name[0]!, embedding: Float32Array.of(Math.cos(radians), Math.sin(radians)) };
  });

it("measures every two pictures once", () => {
  const taken = pictures("a0", "b60", "a90", "c180");
  const { same, different } = everyPair(taken);
  expect(Array.from(same)).toEqual([expect.closeTo(Math.SQRT2, 6)]);
  // 60, 180, 30, 120 and 90 degrees apart.
  const chords = [60, 180, 30, 120, 90].map((degrees) => 2 * Math.sin((degrees * Math.PI) / 360));
  expect(Array.from(different)).toEqual(chords.map((chord) => expect.closeTo(chord, 3)));
  expect(countEveryPair(taken.map(({ person }) => person))).toEqual({ same: 1, different: 5 });
});

it("counts pairs that nobody could look at one by one", () => {
  const people = Array.from({ length: 200_000 }, (_, i) => `p${i % 2}`);
  expect(countEveryPair(people)).toEqual({ same: 9_999_900_000, different: 10_000_000_000 });
});

it("accepts no more strangers than allowed", () => {
  const point = atFalseAcceptRate(everyPair(pictures("a0", "a40", "b60", "c180")), 0.2);
  // 20 degrees are let through, and so are the 40 of one person; 60 are not.
  expect(point).toMatchObject({ falseAcceptRate: 0.2, falseRejectRate: 0 });
  expect(point.threshold).toBeCloseTo(1, 6);
});
