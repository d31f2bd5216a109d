import { expect, it } from "vitest";
import { type ServerSentEvent, serverSentEvents } from "./server-sent-events.js";

async function read(...chunks: string[]): Promise<ServerSentEvent[]> {
  const encoder = new TextEncoder();
  const events: ServerSentEvent[] = [];
  const stream = (async function* () {
    for (const chunk of chunks) yield encoder.encode(chunk);
  })();
  for await (const event of serverSentEvents(stream)) events.push(event);
  return events;
}

it("reads events however they are cut into chunks", async () => {
  const text =
    'id: 0-queued\nevent: job\ndata: {"state":"queued"}\n\n: waiting\n\nid: 1\r\ndata: a\r\ndata: b: c\r\n\r\n';
  const events = [
    { id: "0-queued", data: '{"state":"queued"}' },
    { id: "1", data: "a\nb: c" },
  ];
  expect(await read(text)).toEqual(events);
  expect(await read(...text)).toEqual(events);
});

it("takes what is cut off for nothing", async () => {
  expect(await read("id: 1\ndata: whole\n\nid: 2\nda", "ta: half\n")).toEqual([{ id: "1", data: "whole" }]);
});
