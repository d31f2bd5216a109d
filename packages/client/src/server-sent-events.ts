import { textLines } from "./text-lines.js";

/** An event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** Where a reader that comes again says it was; undefined before the first. */
  readonly id: string | undefined;
  readonly data: string;
}

/** The events of a `text/event-stream`, as the HTML standard has them; one that is cut off is none. */
export async function* serverSentEvents(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let id: string | undefined;
  let data: string[] = [];
  for await (const line of textLines(chunks)) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*?)\r?$/.exec(line) ?? [];
    if (line.trim() === "") {
      if (data.length > 0) yield { id, data: data.join("\n") };
      data = [];
    } else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
}
