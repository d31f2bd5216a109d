import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

interface Asked {
  readonly path: string;
  readonly method: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Resolves once the request is over, in whatever way. */
  readonly closed: Promise<unknown>;
}

type Page = (response: ServerResponse, rest: string) => unknown;

/** A web site on loopback with an image, at good addresses and at bad ones. */
export class ImageSite {
  readonly #asked: Asked[] = [];

  private constructor(
    private readonly server: Server,
    private readonly image: Buffer,
  ) {
    server.on("request", (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response));
  }

  static async start(image: Buffer): Promise<ImageSite> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ImageSite(server, image);
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** Who asked for a path so far. */
  asked(path: string): Asked[] {
    return this.#asked.filter((asked) => asked.path === path);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
  }

  #answer({ url: path = "/", method, headers }: IncomingMessage, response: ServerResponse): void {
    this.#asked.push({ path, method, headers, at: Date.now(), closed: once(response, "close") });
    const [, name = "", rest = ""] = /^\/([^/?]*)[/?]?(.*)$/.exec(path) ?? [];
    this.#pages[name]?.(response, rest);
  }

  readonly #pages: Readonly<Record<string, Page>> = {
    "image.png": (response) => response.end(this.image),
    "damaged.png": (response) => response.end(this.image.subarray(0, 1000)),
    "page.html": (response) => response.writeHead(200, { "content-type": "image/png" }).end("<html>hush</html>"),
    empty: (response) => response.end(),
    absent: (response) => response.writeHead(404).end("hush"),
    secret: (response) => response.writeHead(403).end("hush"),
    trouble: (response) => response.writeHead(500).end("hush"),
    closed: (response) => response.destroy(),
    cut: (response) => {
      response.writeHead(200, { "content-length": 1000 }).write("x", () => response.destroy());
    },
    silent: () => undefined,
    "large-announced": (response) => response.writeHead(200, { "content-length": 10 ** 12 }).flushHeaders(),
    large: (response) => send(response, 25_000_000),
    endless: (response) => send(response, Number.POSITIVE_INFINITY),
    /** The image, and zeros behind it up to a size. */
    padded: (response, size) => {
      response.write(this.image);
      return send(response, Number(size) - this.image.length);
    },
    to: (response, target) => redirect(response, decodeURIComponent(target)),
    "to-absent": (response) => redirect(response, "/absent"),
    loop: (response) => redirect(response, "/loop"),
    redirects: (response, left) => redirect(response, left === "1" ? "/image.png" : `/redirects/${Number(left) - 1}`),
  };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}

function send(response: ServerResponse, bytes: number): Promise<void> {
  const zeros = function* () {
    const chunk = Buffer.alloc(65_536);
    for (let left = bytes; left > 0; left -= chunk.length) yield left < chunk.length ? chunk.subarray(0, left) : chunk;
  };
  // Whoever has had enough hangs up.
  return pipeline(Readable.from(zeros()), response).catch(() => undefined);
}
