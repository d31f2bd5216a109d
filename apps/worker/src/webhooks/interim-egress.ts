import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { type Egress, type EgressAnswer, EgressError, type EgressRequest } from "@facefleet/platform";

/** Connects to any address: it stands in for the guard, and is to be replaced by it before anybody else may call. */
export class InterimEgress implements Egress {
  assertAllowed(): void {}

  async send({ url, method, headers, body, maxBytes, timeoutMs, signal }: EgressRequest): Promise<EgressAnswer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const over = signal ? AbortSignal.any([timeout, signal]) : timeout;
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const start = url.startsWith("https:") ? httpsRequest : httpRequest;
        start(url, { method, headers: { ...headers }, signal: over }, resolve)
          .on("error", reject)
          .end(body);
      });
      return { status: answer.statusCode!, headers: answer.headers, body: await cut(answer, maxBytes) };
    } catch (error) {
      signal?.throwIfAborted();
      const failure = timeout.aborted ? "timeout" : "unreachable";
      throw new EgressError(failure, `Expected an answer but the receiver is ${failure}`, { cause: error });
    }
  }
}

async function cut(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop closes the connection.
    if (length >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}
