import { ProblemError } from "@facefleet/contracts";
import { createLogger, JobGivenBack } from "@facefleet/platform";
import { expect, it, onTestFinished } from "vitest";
import { StoreWatch } from "./store-watch.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });
const outage = () => new ProblemError("store_unavailable", undefined, { cause: new Error("connect ECONNREFUSED") });

function open() {
  const heard: string[] = [];
  const store = { answers: true, pings: 0 };
  const watch = new StoreWatch({
    store: {
      ping: async () => {
        store.pings += 1;
        if (!store.answers) throw outage();
      },
    },
    logger,
    onAway: () => heard.push("away"),
    onBack: () => heard.push("back"),
  });
  onTestFinished(() => watch.stop());
  return { watch, store, heard };
}

const limitOf = async (judged: Promise<ProblemError | JobGivenBack>) => {
  const verdict = await judged;
  expect(verdict).toBeInstanceOf(JobGivenBack);
  return (verdict as JobGivenBack).limitMs;
};

it("gives jobs back for as long as the store does not answer, and tells once that it is away and that it is back", async () => {
  const { watch, store, heard } = open();
  store.answers = false;
  const limits = await Promise.all(Array.from({ length: 30 }, () => limitOf(watch.judge(outage()))));
  expect(limits.every((limit) => limit === undefined)).toBe(true);
  expect([watch.isAway, heard, store.pings]).toEqual([true, ["away"], 1]);
  store.answers = true;
  await expect.poll(() => heard).toEqual(["away", "back"]);
  expect(watch.isAway).toBe(false);
});

it("gives a job back for an hour when the store answers and others can be read", async () => {
  const { watch, heard } = open();
  for (let times = 0; times < 20; times++) {
    expect(await limitOf(watch.judge(outage()))).toBe(3_600_000);
    watch.answered();
  }
  expect(heard).toEqual([]);
});

it("takes a store that answers and gives nothing for one that is away, and asks for more ever less often", async () => {
  const { watch, heard } = open();
  for (let times = 0; times < 4; times++) await watch.judge(outage());
  expect(heard).toEqual([]);
  expect(await limitOf(watch.judge(outage()))).toBe(24 * 3_600_000);
  expect(heard).toEqual(["away"]);
  await expect.poll(() => heard).toEqual(["away", "back"]);
  await watch.judge(outage());
  expect(heard).toEqual(["away", "back", "away"]);
});

it("leaves to a job what is wrong with its object", async () => {
  const { watch, heard } = open();
  const problem = new ProblemError("image_not_found");
  for (let times = 0; times < 10; times++) expect(await watch.judge(problem)).toBe(problem);
  expect(heard).toEqual([]);
});
