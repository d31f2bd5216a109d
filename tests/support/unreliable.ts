import { ProblemError } from "@facefleet/contracts";

/** Steps of which one call in five fails: half of these before it is made, half after, so that only the answer is lost. */
export function unreliable<T extends object>(steps: T, random: () => number): T {
  const fail = (when: string) => {
    throw new ProblemError("queue_unavailable", `Lost ${when} the call`);
  };
  return new Proxy(steps, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "lines")
        return typeof value === "function" ? value.bind(target) : value;
      return async (...args: unknown[]) => {
        const luck = random();
        if (luck < 0.1) fail("before");
        const answer: unknown = await value.apply(target, args);
        return luck < 0.2 ? fail("after") : answer;
      };
    },
  });
}

/** Numbers from 0 to 1, the same for the same seed (Park and Miller 1988). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
