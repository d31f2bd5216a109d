import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long a reader may take nothing of an answer, in milliseconds. Systems hand on what is read slowly in large steps. */
const patienceMs = 60_000;

/**
 * Closes connections whose readers have stopped to read: what they do not take is held here, and what it is read from
 * is kept open. Whoever only waits for an answer has all the time of its route.
 */
export function closeStalledReaders(server: Server, timeoutMs = patienceMs): void {
  const answering = new WeakSet<Socket>();
  server.setTimeout(timeoutMs);
  server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    answering.add(socket);
    // Another answer may have been over, and the connection's patience with it been set to that between requests.
    if (socket.timeout !== timeoutMs) socket.setTimeout(timeoutMs);
    response.once("close", () => answering.delete(socket));
  });
  // Nothing came or went for that long. Without a listener Node would close the connection.
  server.on("timeout", (socket: Socket) => {
    if (!answering.has(socket) || socket.writableLength > 0) socket.destroy();
    else socket.setTimeout(timeoutMs);
  });
}
