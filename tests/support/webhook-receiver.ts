import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a receiver does with the request that is its `count`th, from 1. */
export type Behaviour = (response: ServerResponse, count: number, request: IncomingMessage) => void;

export const answering =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    response.writeHead(status, headers).end();

/** Each request meets the next behaviour; the last one stays. */
export const inTurn =
  (...behaviours: Behaviour[]): Behaviour =>
  (response, count, request) =>
    behaviours[Math.min(count, behaviours.length) - 1]?.(response, count, request);

/** A receiver of webhooks on loopback, that keeps what it got. */
export class WebhookReceiver {
  readonly received: Received[] = [];

  private constructor(
    private readonly server: Server,
    behave: Behaviour,
  ) {
    server.on("request", async (request: IncomingMessage, response: ServerResponse) => {
      const body = await text(request).catch(() => "");
      const count = this.received.push({ headers: request.headers, body, at: Date.now() });
      behave(response, count, request);
    });
  }

  static async start(behave: Behaviour = answering(204), port = 0): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server, behave);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  /** The ids of what came, in order. */
  get ids(): unknown[] {
    return this.received.map(({ headers }) => headers["webhook-id"]);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/**
 * The event of a request, checked as any user of Standard Webhooks would.
 * @throws when the secret did not sign it
 */
export function verified({ headers, body }: Received, secret: string): unknown {
  return new Webhook(secret).verify(body, headers as Record<string, string>);
}
