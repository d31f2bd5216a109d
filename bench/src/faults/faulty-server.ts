import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/**
 * What becomes of connections: passed on; refused; taken and never answered; passed on, while the answers are lost; answered
 * that there are too many requests, as S3 does.
 */
export type Fault = "none" | "refuse" | "hang" | "mute" | "throttle";

const slowDown = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
const throttled = [
  "HTTP/1.1 503 Service Unavailable",
  "content-type: application/xml",
  `content-length: ${slowDown.length}`,
  "connection: close",
  "",
  slowDown,
].join("\r\n");

/** Stands before a server, on a port that stays, and lets it fail in the ways that servers do. */
export class FaultyServer {
  readonly #sockets = new Set<Socket>();
  /** Those of them that lead to the server. */
  readonly #onward = new Set<Socket>();
  #server: Server;
  #fault: Fault = "none";
  #port = 0;

  private constructor(private readonly target: URL) {
    this.#server = this.#open();
  }

  /** Before the server at an address. */
  static async before(target: string): Promise<FaultyServer> {
    const server = new FaultyServer(new URL(target));
    await server.#listen();
    return server;
  }

  /** The address of the server, with the port of this one. */
  get url(): string {
    const url = new URL(this.target);
    url.port = String(this.#port);
    return url.href.replace(/\/$/, "");
  }

  /** From now on. Connections that there are go silent as well, or are cut off. */
  async set(fault: Fault): Promise<void> {
    const was = this.#fault;
    this.#fault = fault;
    if (fault === "hang") for (const socket of this.#sockets) socket.unpipe().pause();
    else if (fault === "mute") for (const onward of this.#onward) onward.unpipe().resume();
    else this.#cutOff();
    if (fault === "refuse") await new Promise((resolve) => this.#server.close(resolve));
    if (was === "refuse" && fault !== "refuse") {
      this.#server = this.#open();
      await this.#listen();
    }
  }

  async stop(): Promise<void> {
    this.#cutOff();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #open(): Server {
    return createServer((socket) => {
      this.#keep(socket);
      if (this.#fault === "throttle") socket.once("data", () => socket.end(throttled)).resume();
      else if (this.#fault === "none" || this.#fault === "mute") this.#passOn(socket);
    });
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject).listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #passOn(socket: Socket): void {
    const onward = this.#keep(connect(Number(this.target.port), this.target.hostname));
    this.#onward.add(onward);
    socket.pipe(onward);
    if (this.#fault === "mute") onward.resume();
    else onward.pipe(socket);
    socket.on("close", () => onward.destroy());
    onward.on("close", () => {
      this.#onward.delete(onward);
      socket.destroy();
    });
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket
      .setNoDelay()
      .on("error", () => undefined)
      .on("close", () => this.#sockets.delete(socket));
  }

  #cutOff(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
