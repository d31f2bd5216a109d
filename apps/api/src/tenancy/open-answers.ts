import type { ServerResponse } from "node:http";
import type { KeyRing } from "./key-ring.js";

/** Answers that are still being sent, and by which keys they were asked for: a revoked key ends its streams. */
export class OpenAnswers {
  readonly #keyIds = new Map<ServerResponse, string>();

  add(response: ServerResponse, keyId: string): void {
    this.#keyIds.set(response, keyId);
    response.once("close", () => this.#keyIds.delete(response));
  }

  /** Breaks off what is being sent for keys that are valid no more. What is still being worked out has an end of its own. */
  endRevoked(ring: KeyRing): void {
    for (const [response, keyId] of this.#keyIds) {
      if (response.headersSent && !ring.holds(keyId)) response.destroy();
    }
  }
}
