import { connect } from "node:net";
import { connect as connectTls } from "node:tls";

/**
 * Asks a Redis whether it is there, without a client library. Rejects with what is wrong: the socket's
 * error, an error answer of the server (NOAUTH, LOADING), or no answer in time.
 *
 * @param {string} url
 */
export async function pingRedis(url, timeoutMs = 3000) {
  const target = new URL(url);
  const socket = openSocket(target);
  try {
    socket.write(`${credentials(target)}PING\r\n`);
    await pong(socket, timeoutMs);
  } finally {
    socket.destroy();
  }
}

/**
 * The URL as it may be shown: without user and password.
 *
 * @param {string} url
 */
export function shownUrl(url) {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

/** @param {URL} target */
function openSocket({ protocol, hostname, port }) {
  const host = hostname.replace(/^\[|\]$/g, "");
  const options = { host, port: Number(port || 6379) };
  return protocol === "rediss:" ? connectTls({ ...options, servername: host }) : connect(options);
}

/** @param {URL} target */
function credentials({ username, password }) {
  if (!password) return "";
  const words = ["AUTH", ...(username ? [username] : []), password].map(decodeURIComponent);
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

/**
 * @param {import("node:net").Socket} socket
 * @param {number} timeoutMs
 * @returns {Promise<void>}
 */
function pong(socket, timeoutMs) {
  return new Promise((resolve, reject) => {
    let answer = "";
    socket.setTimeout(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs / 1000} s`)));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the connection was closed")));
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      if (answer.includes("+PONG\r\n")) resolve();
      const fault = /^-(.*)\r\n/m.exec(answer);
      if (fault) reject(new Error(fault[1]));
    });
  });
}
