import { portFault } from "@facefleet/stack";

/** Throws one sentence that says what to do when the API could not listen there. */
export async function claimApiPort(host: string, port: number): Promise<void> {
  const fault = await portFault(port, host);
  if (fault === undefined) return;
  const way = `choose another port, for example: PORT=${port + 1} npm start`;
  if (fault !== "EADDRINUSE") throw new Error(`Expected to listen on ${host}:${port} but received ${fault}; ${way}`);
  const who = (await isFacefleet(host, port)) ? "another Facefleet" : "another program";
  throw new Error(`Expected port ${port} to be free but ${who} listens there; stop it, or ${way}`);
}

/** An address under which a service that listens on `host` can be reached from this machine. */
export function localAddress(host: string, port: number): string {
  const reachable = { "0.0.0.0": "127.0.0.1", "::": "::1" }[host] ?? host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

async function isFacefleet(host: string, port: number): Promise<boolean> {
  try {
    const response = await fetch(`${localAddress(host, port)}/health`, { signal: AbortSignal.timeout(2000) });
    const answer = (await response.json()) as { service?: unknown };
    return answer.service === "facefleet";
  } catch {
    return false;
  }
}
