import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

interface Request {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly contentType?: string;
  readonly body?: Uint8Array;
}

/** The bytes of a request to a service on this machine. */
export function requestBytes({ method, path, contentType, body }: Request): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, "host: 127.0.0.1"];
  if (contentType !== undefined) lines.push(`content-type: ${contentType}`);
  if (body) lines.push(`content-length: ${body.byteLength}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body ?? Buffer.alloc(0)]);
}

/**
 * One kept-alive connection that asks one thing at a time. It shares the machine with what it measures, and costs a
 * third of Node's own client. It reads answers with a Content-Length, as those of our API are.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #missing = 0;
  #waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => this.#receive(bytes));
    socket.on("close", () => this.#waiting?.reject(new Error("Expected an answer but the connection was closed")));
    socket.on("error", (error) => this.#waiting?.reject(error));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** False once the other side has closed it, as servers do with connections that nobody uses for a while. */
  get isOpen(): boolean {
    return !this.#socket.destroyed && !this.#socket.readableEnded;
  }

  send(request: Uint8Array): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket.destroy();
  }

  /** Puts the parts of a long answer together once, when the last one is here. */
  #receive(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#missing -= bytes.byteLength;
    if (this.#missing > 0) return;
    const whole = this.#received.length === 1 ? bytes : Buffer.concat(this.#received);
    const answer = readAnswer(whole);
    this.#received = answer.complete ? [] : [whole];
    this.#missing = answer.missing;
    if (!answer.complete) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer.complete);
  }
}

/** The answer, or how many more bytes of it there are at least. */
function readAnswer(bytes: Buffer): { complete?: HttpAnswer; missing: number } {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return { missing: 1 };
  const head = bytes.toString("latin1", 0, end);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
  const missing = end + 4 + length - bytes.byteLength;
  if (missing > 0) return { missing };
  return { complete: { status: Number(head.slice(9, 12)), body: bytes.subarray(end + 4) }, missing: 0 };
}
