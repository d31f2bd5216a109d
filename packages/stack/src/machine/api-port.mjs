import { portFault } from "./free-port.mjs";

/** Where the API listens unless told. */
export const apiDefaults = { host: "127.0.0.1", port: 3000 };

/**
 * Throws one sentence that says what to do when the API could not listen there.
 *
 * @param {string} host
 * @param {number} port
 */
export async function claimApiPort(host, port) {
  const fault = await portFault(port, host);
  if (fault === undefined) return;
  const way = `choose another port, for example with PORT=${port + 1}, and beside a fleet of this folder another DATA_DIR`;
  if (fault !== "EADDRINUSE") throw new Error(`Expected to listen on ${host}:${port} but received ${fault}; ${way}`);
  const who = (await isFacefleet(host, port)) ? "another Facefleet" : "another program";
  throw new Error(`Expected port ${port} to be free but ${who} listens there; stop it, or ${way}`);
}

/**
 * An address under which a service that listens on `host` can be reached from this machine.
 *
 * @param {string} host
 * @param {number} port
 */
export function localAddress(host, port) {
  const everywhere = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${everywhere.includes(":") ? `[${everywhere}]` : everywhere}:${port}`;
}

/**
 * @param {string} host
 * @param {number} port
 */
async function isFacefleet(host, port) {
  try {
    const response = await fetch(`${localAddress(host, port)}/health`, { signal: AbortSignal.timeout(2000) });
    const answer = /** @type {{ service?: unknown }} */ (await response.json());
    return answer.service === "facefleet";
  } catch {
    return false;
  }
}
