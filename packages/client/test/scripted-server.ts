import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface ReceivedRequest {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One answer, or what to do instead of one. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown }
  | ((request: ReceivedRequest, response: ServerResponse) => unknown);

/** A server on loopback that gives the answers it is told to, one after the other, and keeps what came. */
export interface ScriptedServer {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** Adds answers to those that are left. */
  answer(...answers: Answer[]): void;
  close(): Promise<void>;
}

export async function startScriptedServer(): Promise<ScriptedServer> {
  const answers: Answer[] = [];
  const requests: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const received = await receive(request);
    requests.push(received);
    give(answers.shift() ?? { status: 418, body: "no answer is left" }, received, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (...more) => void answers.push(...more),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  let body = "";
  for await (const chunk of request) body += chunk;
  return { line: `${request.method} ${request.url}`, headers: request.headers, body };
}

function give(answer: Answer, request: ReceivedRequest, response: ServerResponse): void {
  if (typeof answer === "function") return void answer(request, response);
  const { status, headers, body = "" } = answer;
  response.writeHead(status, headers).end(typeof body === "string" ? body : JSON.stringify(body));
}

/** The request was taken, and may have been done, but nobody learns of it. */
export const dropConnection: Answer = (_request, response) => response.socket?.destroy();

/** Nothing is said and nothing is closed. */
export const silence: Answer = () => undefined;
