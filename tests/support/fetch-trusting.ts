import { request } from "node:https";
import { Readable } from "node:stream";

/** `fetch`, as far as tests need it, that believes one certificate more: the global one takes none. */
export function fetchTrusting(ca: string): typeof fetch {
  return async (input, init = {}) => {
    const asked = new Request(input, init);
    const body = asked.body === null ? undefined : Buffer.from(await asked.arrayBuffer());
    const headers = { ...Object.fromEntries(asked.headers), ...(body && { "content-length": String(body.length) }) };
    return new Promise((resolve, reject) => {
      const outgoing = request(asked.url, { method: asked.method, headers, ca, signal: asked.signal }, (answer) => {
        const { statusCode: status = 0 } = answer;
        const names = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as [string, string]);
        const isEmpty = status === 204 || status === 304;
        const content = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
        resolve(new Response(content, { status, headers: names }));
      });
      outgoing.on("error", reject).end(body);
    });
  };
}
