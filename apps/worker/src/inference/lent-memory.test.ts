import { imageMemory } from "@facefleet/core/batching";
import { describe, expect, it } from "vitest";
import { MemoryLender } from "./lent-memory.js";
import type { InferenceRequest } from "./protocol.js";

/** Half of it is for all, so that 4 fit. */
const half = 8;

function lender() {
  const memory = imageMemory(half);
  const sent: InferenceRequest[] = [];
  const lender = new MemoryLender(memory, (request) => sent.push(request));
  const want = (id: number, bytes: number) =>
    lender.wanted({ type: "memoryWanted", id, bytes, urgent: false, flow: "a" });
  /** Whether all of the memory that one flow may have is there. */
  const isAllFree = async () => {
    const timeout = new Promise<false>((resolve) => setTimeout(() => resolve(false), 50));
    const room = await Promise.race([memory.acquire(4, { flow: "a" }), timeout]);
    return room !== false;
  };
  return { lender, want, sent, isAllFree };
}

describe("the memory that a process has borrowed", () => {
  it("is lent, and free again when it is given back", async () => {
    const { lender: lent, want, sent, isAllFree } = lender();
    await want(1, 4);
    expect(sent).toEqual([{ type: "memoryLent", id: 1 }]);
    lent.kept({ id: 1, bytes: 0 });
    expect(await isAllFree()).toBe(true);
  });

  it("is free again when the process ends, with all that it still waited for", async () => {
    const { lender: lent, want, isAllFree } = lender();
    await want(1, 4);
    const waiting = [want(2, 4), want(3, 4)];
    lent.takeBack();
    await Promise.all(waiting);
    expect(await isAllFree()).toBe(true);
  });

  it("is free again when two give up at the same moment, the second let in by the first", async () => {
    const { lender: lent, want, sent, isAllFree } = lender();
    await want(1, 4);
    const waiting = want(2, 4);
    lent.kept({ id: 1, bytes: 0 });
    lent.kept({ id: 2, bytes: 0 });
    await waiting;
    expect(sent).toEqual([{ type: "memoryLent", id: 1 }]);
    expect(await isAllFree()).toBe(true);
  });

  it("of an image that is too large, likewise", async () => {
    const { lender: lent, want, isAllFree } = lender();
    await want(1, 50);
    const waiting = want(2, 50);
    lent.takeBack();
    await waiting;
    await want(3, 50);
    lent.kept({ id: 3, bytes: 0 });
    expect(await isAllFree()).toBe(true);
  });
});
