import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { verifyWebhook } from "@facefleet/client";

/** What came under one `webhook-id`. */
export interface Announcement {
  /** The job or the batch that ended. */
  readonly subject: string;
  readonly body: string;
  times: number;
}

/** Takes the fleet's webhooks, verifies each, and notes what came under which id. */
export class WebhookReceiver {
  readonly announcements = new Map<string, Announcement>();
  /** What no webhook may be: of a wrong signature, or of other bytes than before under the same id. */
  readonly faults: string[] = [];
  readonly #server: Server;
  #secret = "";

  constructor() {
    this.#server = createServer((request, response) => {
      this.#take(request, response).catch((error: unknown) => {
        // A sender that went away, as those do that are killed.
        if (!request.destroyed) this.faults.push(String(error));
        response.destroy();
      });
    });
  }

  /** Resolves to its address. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  trust(secret: string): void {
    this.#secret = secret;
  }

  /** The ids under which the ends of jobs and batches were announced, by subject. */
  idsBySubject(): Map<string, string[]> {
    const ids = new Map<string, string[]>();
    for (const [id, { subject }] of this.announcements) ids.set(subject, [...(ids.get(subject) ?? []), id]);
    return ids;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await buffer(request);
    const { data } = await verifyWebhook({ headers: request.headers, body: bytes, secret: this.#secret });
    this.#note(String(request.headers["webhook-id"]), data.id, createHash("sha256").update(bytes).digest("hex"));
    response.writeHead(204).end();
  }

  #note(id: string, subject: string, body: string): void {
    const known = this.announcements.get(id);
    if (!known) this.announcements.set(id, { subject, body, times: 1 });
    else if (known.body === body) known.times += 1;
    else this.faults.push(`${id} came with other bytes than before`);
  }
}
