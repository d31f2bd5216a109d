import { once } from "node:events";
import { createServer } from "node:net";

/** A loopback port that nothing listens on at this moment. Another program may take it first: retry then. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Why nothing can listen on this port (an errno code such as EADDRINUSE), or undefined when it is free.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<string | undefined>}
 */
export async function portFault(port, host) {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code ?? String(error);
  }
  server.close();
  await once(server, "close");
  return undefined;
}
