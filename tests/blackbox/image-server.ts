import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A site on loopback with one image at `/image`, and at `/held/...`, where it is answered only once it is let go: a job
 * that names it stays active for as long as a test needs. `/status/404` answers so, `/moved?to=...` redirects. It may
 * have several hosts, which is several ports, as no worker asks one for more than a share of its images.
 */
export class ImageServer {
  /** Paths of requests that wait for their image. */
  readonly waiting = new Set<string>();
  readonly #held = new Set<ServerResponse>();
  #isOpen = false;

  private constructor(
    private readonly servers: readonly Server[],
    private readonly image: Buffer,
  ) {}

  static async start(image: Buffer, { hosts = 1 } = {}): Promise<ImageServer> {
    const servers = Array.from({ length: hosts }, () => createServer());
    const images = new ImageServer(servers, image);
    for (const server of servers) {
      server.on("request", (request, response) => images.#answer(request, response));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
    return images;
  }

  /** Of any of its hosts, by a number that counts on and on. */
  url(path: string, host = 0): string {
    const { port } = this.servers[host % this.servers.length]!.address() as AddressInfo;
    return `http://127.0.0.1:${port}${path}`;
  }

  /** Answers all that wait, and all who come from now on. */
  letGo(): void {
    this.#isOpen = true;
    for (const response of this.#held) response.end(this.image);
  }

  hold(): void {
    this.#isOpen = false;
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #answer({ url = "/" }: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, "http://site");
    const [, place, status] = pathname.split("/");
    if (place === "status") response.writeHead(Number(status)).end();
    else if (place === "moved") response.writeHead(302, { location: searchParams.get("to") ?? "" }).end();
    else if (place === "held" && !this.#isOpen) this.#keepWaiting(pathname, response);
    else response.end(this.image);
  }

  #keepWaiting(path: string, response: ServerResponse): void {
    this.waiting.add(path);
    this.#held.add(response);
    response.on("close", () => {
      this.waiting.delete(path);
      this.#held.delete(response);
    });
  }
}
