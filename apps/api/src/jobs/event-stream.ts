import { PassThrough, type Readable } from "node:stream";

/** An event of a `text/event-stream`, as the HTML standard defines it. */
export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

export interface EventStreamOptions {
  /** How often a comment is sent, so that no proxy takes the silence for an end, in milliseconds. */
  readonly heartbeatMs: number;
  /** Told when the events break off; the stream ends then, and its reader comes again. */
  readonly onError: (error: unknown) => void;
}

/** Writes events down as they come. Ends with them. */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  { heartbeatMs, onError }: EventStreamOptions,
): Readable {
  const stream = new PassThrough();
  const heartbeat = setInterval(() => stream.write(": waiting\n\n"), heartbeatMs);
  const write = async () => {
    for await (const { id, event, data } of events) {
      stream.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    }
  };
  write()
    .catch(onError)
    .finally(() => {
      clearInterval(heartbeat);
      stream.end();
    });
  return stream;
}
