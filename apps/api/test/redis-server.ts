import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** A Redis of one's own, to be stopped and started again on the same port. */
export async function ownRedis() {
  const port = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), "facefleet-redis-"));
  const start = () => startServer(port, directory);
  return { url: `redis://127.0.0.1:${port}`, start };
}

async function startServer(port: number, directory: string) {
  const server = spawn("redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory]);
  for await (const chunk of server.stdout) if (String(chunk).includes("Ready to accept")) break;
  const stop = async () => {
    server.kill("SIGKILL");
    if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
  };
  return { stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("Expected a port");
  return address.port;
}
