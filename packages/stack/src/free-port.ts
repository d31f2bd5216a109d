import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** A loopback port that nothing listens on at this moment. Another program may take it first: retry then. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Why nothing can listen on this port (an errno code such as EADDRINUSE), or undefined when it is free. */
export async function portFault(port: number, host: string): Promise<string | undefined> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
  server.close();
  await once(server, "close");
  return undefined;
}
