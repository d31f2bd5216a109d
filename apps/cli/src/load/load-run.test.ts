import type { FacefleetClient, FleetAnswer, Job } from "@facefleet/client";
import { expect, it } from "vitest";
import { runLoad } from "./load-run.js";

it("reports a look at the fleet that failed, and goes on", async () => {
  const job = { finishedAt: new Date().toISOString() } as Job;
  let looks = 0;
  const client = {
    submit: async () => job,
    wait: async () => job,
    fleet: async () => {
      looks += 1;
      if (looks === 1) throw new Error("nothing answered");
      return {} as FleetAnswer;
    },
  } as unknown as FacefleetClient;
  const ignore = () => undefined;
  const plan = { rate: 20, seconds: 1, image: new Blob(["x"]), onSent: ignore, onEnd: ignore };
  const record = await runLoad(client, plan);
  expect(record.faults.map(({ message }) => message)).toEqual(["nothing answered"]);
  expect(record.jobs.length).toBeGreaterThan(0);
  expect(record.looks).toHaveLength(looks - 1);
});
