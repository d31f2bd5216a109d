import { randomUUID } from "node:crypto";
import { HttpConnection, requestBytes } from "../load/http-connection.js";

/** Hands photos to the API and waits for their embeddings, as a client does: one request to submit, one to wait. */
export class JobCaller {
  readonly #submissions: readonly Buffer[];
  readonly #idle: HttpConnection[] = [];

  constructor(
    private readonly port: number,
    photos: readonly Uint8Array[],
  ) {
    this.#submissions = photos.map(submission);
  }

  /** Resolves when the result is here; rejects unless the job succeeded. */
  async call(number: number): Promise<void> {
    const connection = this.#openIdle() ?? (await HttpConnection.open(this.port));
    const submitted = await connection.send(this.#submissions[number % this.#submissions.length]!);
    if (submitted.status !== 202) throw new Error(`Expected 202 but received ${submitted.status}: ${submitted.body}`);
    const { links } = JSON.parse(submitted.body.toString()) as { links: { self: string } };
    const { body } = await connection.send(requestBytes({ method: "GET", path: `${links.self}?wait=30` }));
    if (!body.includes('"state":"succeeded"')) throw new Error(`Expected a job that succeeds but received ${body}`);
    this.#idle.push(connection);
  }

  #openIdle(): HttpConnection | undefined {
    let connection = this.#idle.pop();
    while (connection && !connection.isOpen) connection = this.#idle.pop();
    return connection;
  }

  close(): void {
    for (const connection of this.#idle) connection.close();
  }
}

/** A form with the job and its image. */
function submission(photo: Uint8Array): Buffer {
  const boundary = randomUUID();
  const part = (head: string) => Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; ${head}\r\n\r\n`);
  const body = Buffer.concat([
    part('name="job"'),
    Buffer.from('{"task":"embed"}\r\n'),
    part('name="image"; filename="photo.jpg"\r\ncontent-type: image/jpeg'),
    photo,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  return requestBytes({
    method: "POST",
    path: "/v1/jobs",
    contentType: `multipart/form-data; boundary=${boundary}`,
    body,
  });
}
