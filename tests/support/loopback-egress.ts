import {
  type Egress,
  type EgressAnswer,
  EgressError,
  type EgressRequest,
} from "../../packages/platform/src/egress/index.js";

/** Connects to receivers on loopback, which nothing outside tests may. */
export class LoopbackEgress implements Egress {
  assertAllowed(): void {}

  async send({ url, method, headers, body, maxBytes, timeoutMs, signal }: EgressRequest): Promise<EgressAnswer> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const over = AbortSignal.any([timeout, ...(signal ? [signal] : [])]);
    try {
      const answer = await fetch(url, {
        method,
        redirect: "manual",
        signal: over,
        ...(headers && { headers }),
        ...(body !== undefined && { body }),
      });
      const headersOf = Object.fromEntries(answer.headers);
      return { status: answer.status, headers: headersOf, body: await cut(answer, maxBytes) };
    } catch (error) {
      signal?.throwIfAborted();
      throw new EgressError(timeout.aborted ? "timeout" : "unreachable", "Expected an answer", { cause: error });
    }
  }
}

async function cut({ body }: Response, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}
