import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TlsOptions } from "node:tls";

/** A server on 127.0.0.1 that remembers who connected and what was asked. */
export interface LoopbackServer {
  readonly port: number;
  /** How many connections there have been. */
  readonly connections: () => number;
  stop(): Promise<void>;
}

export async function startServer(answer: RequestListener, tls?: TlsOptions): Promise<LoopbackServer> {
  const server: Server = tls ? createTlsServer(tls, answer) : createServer(answer);
  let connections = 0;
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
