import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { blockedByBrowser } from "./blocked-by-browser.js";

const url = "https://faces.test/v1/jobs";
const cause = new TypeError("Failed to fetch");
const { signal } = new AbortController();

type Answered = { readonly cors?: boolean; readonly "no-cors"?: boolean };

/** A network on which a request in each mode is answered or not. */
const network = (answered: Answered): typeof fetch => {
  return async (_, { mode = "cors" } = {}) => {
    if (answered[mode as keyof Answered]) return new Response(null);
    throw cause;
  };
};
const look = (answered: Answered, probe = "https://faces.test/livez") =>
  blockedByBrowser(url, probe, { fetch: network(answered), signal, cause });

describe("in a page of another origin", () => {
  beforeEach(() => void vi.stubGlobal("location", { origin: "https://app.test" }));
  afterEach(() => void vi.unstubAllGlobals());

  it("an answer that only the browser keeps back is told from none", async () => {
    expect(await look({ "no-cors": true })).toMatchObject({
      code: "unreachable",
      retryable: false,
      message: expect.stringContaining("the browser keeps its answers from the pages of https://app.test"),
      cause,
    });
  });

  it.each([
    ["nothing answers", {}],
    ["the page may read answers, of which one was lost", { cors: true, "no-cors": true }],
  ])("nothing is said where %s", async (_, answered) => {
    expect(await look(answered)).toBeUndefined();
  });

  it("nothing is said of another server, which may not be asked like that", async () => {
    expect(await look({ "no-cors": true }, "https://store.test/livez")).toBeUndefined();
  });
});

it("says nothing outside of browsers", async () => {
  expect(await look({ "no-cors": true })).toBeUndefined();
});
