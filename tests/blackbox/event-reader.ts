export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** The events of a `text/event-stream` as they come, until it closes; comments are passed over. */
export async function* readEvents({ body }: Response): AsyncGenerator<ServerSentEvent> {
  let rest = "";
  for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop()!;
    for (const block of blocks) if (!block.startsWith(":")) yield eventOf(block);
  }
}

function eventOf(block: string): ServerSentEvent {
  const fields = new Map(block.split("\n").map((line) => line.split(/: (.*)/, 2) as [string, string]));
  const { id = "", event = "", data = "null" } = Object.fromEntries(fields);
  return { id, event, data: JSON.parse(data) };
}
