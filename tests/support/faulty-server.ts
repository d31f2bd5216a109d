import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What becomes of requests: passed on; refused a connection; taken and never answered; told to slow down, as S3 does. */
export type Fault = "none" | "refuse" | "hang" | "throttle";

/** Stands before an HTTP server, on a port that stays, and lets it fail in the ways that servers do. */
export class FaultyServer {
  readonly #sockets = new Set<Socket>();
  #server: Server;
  #fault: Fault = "none";
  #port = 0;

  private constructor(private readonly target: string) {
    this.#server = this.#open();
  }

  /** Before the server at an address. */
  static async before(target: string): Promise<FaultyServer> {
    const server = new FaultyServer(target);
    await server.#listen();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** From now on; what is under way meets a fault as well. */
  async set(fault: Fault): Promise<void> {
    const was = this.#fault;
    this.#fault = fault;
    if (fault !== "none") for (const socket of this.#sockets) socket.destroy();
    if (fault === "refuse") await new Promise((resolve) => this.#server.close(resolve));
    if (was === "refuse" && fault !== "refuse") {
      this.#server = this.#open();
      await this.#listen();
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #open(): Server {
    const server = createServer((incoming, answer) => this.#answer(incoming, answer));
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    });
    return server;
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #answer(incoming: IncomingMessage, answer: ServerResponse): void {
    if (this.#fault === "throttle") slowDown(incoming, answer);
    else if (this.#fault !== "hang") this.#passOn(incoming, answer);
  }

  #passOn(incoming: IncomingMessage, answer: ServerResponse): void {
    const { method, url, headers } = incoming;
    const outgoing = request(new URL(url ?? "/", this.target), { method, headers, agent: false }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
      from.on("error", () => answer.destroy());
    });
    outgoing.on("error", () => answer.destroy());
    incoming.on("error", () => outgoing.destroy());
    incoming.pipe(outgoing);
  }
}

function slowDown(incoming: IncomingMessage, answer: ServerResponse): void {
  incoming.resume();
  answer.writeHead(503, { "content-type": "application/xml" });
  answer.end("<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>");
}
