import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

/*
 * Asks a service all the time and says how each answer was, on a thread of its own: what the test does meanwhile is
 * not to be counted as the service's. Questions come at a steady pace, however slow the answers are.
 */

const { url, key, image } = workerData;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const boundary = "victim";
const form = Buffer.concat([
  Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n`),
  Buffer.from(image),
  Buffer.from(`\r\n--${boundary}--\r\n`),
]);
const longestMs = 60_000;

function ask(method, path, headers = {}, body = undefined) {
  return new Promise((resolve) => {
    const fail = (error) => resolve({ status: 0, text: error.message });
    const options = { method, agent, headers: { authorization: `Bearer ${key}`, ...headers } };
    const sent = request(`${url}${path}`, options, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode, text: text.slice(0, 300) })).on("error", fail);
    });
    sent.setTimeout(longestMs, () => sent.destroy(new Error(`nothing for ${longestMs} ms`)));
    sent.on("error", fail).end(body);
  });
}

let asked = 0;

async function timed(question, work) {
  const id = ++asked;
  const started = performance.now();
  parentPort.postMessage({ id, question, at: Date.now() });
  const { status, text } = await work();
  parentPort.postMessage({ id, answer: { ms: performance.now() - started, status, text } });
}

function every(milliseconds, question, work) {
  setInterval(() => void timed(question, work), milliseconds);
}

every(100, "livez", () => ask("GET", "/livez"));
every(250, "jobs", () => ask("GET", "/v1/jobs"));
for (;;) {
  const type = { "content-type": `multipart/form-data; boundary=${boundary}` };
  await timed("detect", () => ask("POST", "/detect-face", type, form));
  await sleep(150);
}
