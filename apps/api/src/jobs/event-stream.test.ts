import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { eventStream, type ServerSentEvent } from "./event-stream.js";

const event = (id: string): ServerSentEvent => ({ id, event: "job", data: { text: "two\nlines" } });

test("writes each event, and comments while none comes", async () => {
  async function* events() {
    yield event("1");
    await sleep(70);
    yield event("2");
  }
  const written = await text(eventStream(events(), { heartbeatMs: 20, onError: () => expect.unreachable() }));
  const [first, ...rest] = written.split("\n\n");
  expect(first).toBe('id: 1\nevent: job\ndata: {"text":"two\\nlines"}');
  expect(rest.at(-2)).toMatch(/^id: 2\n/);
  const comments = rest.slice(0, -2);
  expect(comments.length).toBeGreaterThan(0);
  expect(new Set(comments)).toEqual(new Set([": waiting"]));
});

test("ends when its events break off", async () => {
  const errors: unknown[] = [];
  async function* events() {
    yield event("1");
    throw new Error("gone");
  }
  const written = await text(eventStream(events(), { heartbeatMs: 1000, onError: (error) => errors.push(error) }));
  expect(written).toMatch(/^id: 1\n/);
  expect(errors).toEqual([new Error("gone")]);
});
