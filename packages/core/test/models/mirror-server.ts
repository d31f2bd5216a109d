import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request for a file in its own way; `attempt` counts the requests for that file from 1. */
type Misbehaviour = (response: ServerResponse, bytes: Buffer, attempt: number) => void;

/** A real HTTP server on loopback that has the files of a mirror. */
export interface MirrorServer {
  readonly url: string;
  /** The paths that were asked for, in order. */
  readonly requests: string[];
  /** Files by path that are not simply sent. */
  readonly misbehaviours: Map<string, Misbehaviour>;
  close(): Promise<void>;
}

export async function startMirrorServer(files: ReadonlyMap<string, Buffer>): Promise<MirrorServer> {
  const requests: string[] = [];
  const misbehaviours = new Map<string, Misbehaviour>();
  const server = createServer((request, response) => {
    const path = request.url!.replace("/mirror/", "");
    requests.push(path);
    const bytes = files.get(path);
    const misbehave = misbehaviours.get(path);
    if (bytes === undefined) response.writeHead(404).end("not here");
    else if (misbehave === undefined) response.end(bytes);
    else misbehave(response, bytes, requests.filter((asked) => asked === path).length);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mirror`,
    requests,
    misbehaviours,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
