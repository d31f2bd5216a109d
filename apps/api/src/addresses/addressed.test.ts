import { ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { addressed, addressedBytes, addressedText } from "./addressed.js";

const base = "https://example.com/faces";
const error = new ProblemError("image_undecodable").toProblem();

describe("the addresses of an answer", () => {
  it("begin with what callers know the API by", () => {
    const job = { id: "j1", links: { self: "/v1/jobs/j1" }, error };
    const expected = {
      id: "j1",
      links: { self: `${base}/v1/jobs/j1` },
      error: { ...error, type: `${base}/docs/errors#image_undecodable` },
    };
    expect(addressed(base, job)).toEqual(expected);
    expect(addressed(base, { jobs: [job], cursor: "c" })).toEqual({ jobs: [expected], cursor: "c" });
    expect(addressed("", job)).toBe(job);
  });

  it("are no part of what is only called so", () => {
    const fleet = { workers: [], batches: 3 };
    expect(addressed(base, fleet)).toEqual(fleet);
  });

  it("are those of what failed within a result, too", () => {
    const result = JSON.stringify({ matches: [], failed: [{ index: 2, error }] });
    expect(JSON.parse(addressedText(base, result)).failed[0].error.type).toBe(`${base}/docs/errors#image_undecodable`);
    expect(addressedText("", result)).toBe(result);
  });

  it.each([1, 3, 16, 17, 18, 1000])("are found in lines that come in pieces of %i bytes", async (size) => {
    const metadata = { type: "/docs/errors#x", error: "/docs/errors#y" };
    const lines = (typed: object) =>
      [
        { index: 0, state: "failed", error: typed, metadata },
        { index: 1, state: "succeeded", metadata },
        { index: 2, error: typed },
      ]
        .map((line) => `${JSON.stringify(line)}\n`)
        .join("");
    const text = Buffer.from(lines(error));
    async function* pieces() {
      for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size);
    }
    const received: Buffer[] = [];
    for await (const chunk of addressedBytes(base, pieces())) received.push(chunk);
    expect(Buffer.concat(received).toString()).toBe(lines({ ...error, type: `${base}/docs/errors#image_undecodable` }));
  });
});
