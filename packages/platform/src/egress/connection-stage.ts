import type { ClientRequest } from "node:http";
import { EgressError, type EgressFailure } from "./egress.js";

/** How far the connection of a request has come: what its failure means depends on that. */
export class ConnectionStage {
  #isConnected = false;
  #isSecure = false;

  constructor(outgoing: ClientRequest) {
    outgoing.once("socket", (socket) => {
      socket.once("connect", () => {
        this.#isConnected = true;
        this.#isSecure = outgoing.protocol === "http:";
      });
      socket.once("secureConnect", () => {
        this.#isSecure = true;
      });
    });
  }

  /** What an error before the answer was. */
  failure(cause: unknown): EgressError {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    const failed = (failure: EgressFailure, message: string) => new EgressError(failure, message, { cause });
    if (this.#isSecure) return failed("closed", "Expected an answer but received the end of the connection");
    if (this.#isConnected) return failed("tls", `Expected TLS that can be trusted but received ${code || "none"}`);
    if (code === "ECONNREFUSED") return failed("refused", "Expected a connection but received a refusal");
    if (code === "ETIMEDOUT") return failed("timeout", "Expected a connection in time but received none");
    return failed("no_route", "Expected a way to the host but received none");
  }
}
