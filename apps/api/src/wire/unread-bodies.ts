import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { isEmpty } from "./empty-bodies.js";

/** How much more of a body is taken once its answer is known, in bytes, and for how long, in milliseconds. */
const most = { bytes: 268_435_456, ms: 30_000 };

/**
 * Takes what is left of bodies that were answered before their end, and only then ends the answer, which has been sent
 * meanwhile. Many senders, proxies above all, read nothing while they write: were the connection closed under them, they
 * would find it broken and no answer.
 */
export function takeRestOfBodies(app: FastifyInstance, { bytes, ms } = most): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const { raw } = request;
    if (typeof payload !== "string" || isEmpty(request) || isOver(raw)) return done(null, payload);
    reply.header("content-length", Buffer.byteLength(payload));
    // Nothing more is taken on this connection of whoever sends on and on.
    const tooMuch = () => reply.raw.once("finish", () => raw.socket.destroy());
    done(null, Readable.from(answerThenRest(payload, raw, { bytes, ms, tooMuch }), { objectMode: false }));
  });
}

interface Bounds {
  readonly bytes: number;
  readonly ms: number;
  readonly tooMuch: () => void;
}

async function* answerThenRest(answer: string, body: IncomingMessage, bounds: Bounds): AsyncGenerator<Buffer, void> {
  yield Buffer.from(answer);
  await restOf(body, bounds);
}

function restOf(body: IncomingMessage, { bytes, ms, tooMuch }: Bounds): Promise<void> {
  return new Promise((resolve) => {
    if (isOver(body)) return resolve();
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    const giveUp = () => {
      tooMuch();
      end();
    };
    const timer = setTimeout(giveUp, ms);
    let taken = 0;
    body.on("data", (chunk: Buffer) => {
      taken += chunk.length;
      if (taken > bytes) giveUp();
    });
    body.on("end", end).on("close", end);
    body.unpipe();
    body.resume();
  });
}

function isOver(body: IncomingMessage): boolean {
  return body.complete || body.readableEnded || body.destroyed;
}
