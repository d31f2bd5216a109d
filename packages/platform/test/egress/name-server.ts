import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** Addresses of a name; nothing: the name server never answers; "failure": it says that it failed. */
export type Zone = (name: string) => readonly string[] | "failure" | undefined;

const typeA = 1;
const [noError, serverFailure, noSuchName] = [0, 2, 3];
const [headerBytes, afterName] = [12, 4];

/** A name server on loopback, for IPv4 addresses (RFC 1035). */
export class NameServer {
  /** Every name that it was asked for, in order. */
  readonly asked: string[] = [];

  private constructor(
    private readonly socket: Socket,
    private readonly zone: Zone,
  ) {
    socket.on("message", (query, from) => this.#answer(query, from));
  }

  static async start(zone: Zone): Promise<NameServer> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new NameServer(socket, zone);
  }

  get address(): string {
    return `127.0.0.1:${(this.socket.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.socket.close();
  }

  #answer(query: Buffer, { port, address }: RemoteInfo): void {
    const { name, end } = nameIn(query);
    const type = query.readUInt16BE(end);
    if (type === typeA) this.asked.push(name);
    const found = this.zone(name);
    if (found === undefined) return;
    const addresses = type === typeA && found !== "failure" ? found : [];
    const code = found === "failure" ? serverFailure : found.length === 0 ? noSuchName : noError;
    const header = Buffer.from(query.subarray(0, headerBytes));
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(addresses.length, 6);
    header.fill(0, 8);
    const question = query.subarray(headerBytes, end + afterName);
    this.socket.send(Buffer.concat([header, question, ...addresses.map(recordOf)]), port, address);
  }
}

function nameIn(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = headerBytes;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 1 };
}

/** The name is that of the question, which begins at byte 12. */
function recordOf(address: string): Buffer {
  return Buffer.from([0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
}
