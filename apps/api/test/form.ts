import type { InjectOptions } from "fastify";

export const pixels = Buffer.from("not really pixels: the API looks at no image");

export interface Part {
  readonly name: string;
  readonly body: Buffer | string;
  readonly filename?: string;
  readonly type?: string;
}

export function imagePart(body: Buffer | string = pixels, name = "image"): Part {
  return { name, body, filename: "photo.jpg", type: "image/jpeg" };
}

export function jobPart(job: unknown): Part {
  return { name: "job", body: JSON.stringify(job), type: "application/json" };
}

/** A multipart request, byte by byte, so that forms can be sent that no client library would make. */
export function form(url: string, parts: readonly Part[], headers: Record<string, string> = {}): InjectOptions {
  const boundary = "----facefleet-test";
  const chunks = parts.flatMap(({ name, body, filename, type }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? "" : `; filename="${filename}"`}\r\n${type ? `Content-Type: ${type}\r\n` : ""}\r\n`,
    ),
    Buffer.from(body),
    Buffer.from("\r\n"),
  ]);
  return {
    method: "POST",
    url,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}`, ...headers },
    payload: Buffer.concat([...chunks, Buffer.from(`--${boundary}--\r\n`)]),
  };
}
