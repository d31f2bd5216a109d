import crypto from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import S3rver from "s3rver";
import { hasValidSignature } from "./s3-signature.js";

export interface S3Server {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Exists from the start. */
  readonly bucket: string;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A real S3 server over HTTP: the one that TEST_S3_ENDPOINT names (with TEST_S3_ACCESS_KEY_ID,
 * TEST_S3_SECRET_ACCESS_KEY and TEST_S3_BUCKET, which must exist), or an s3rver on a free loopback port
 * behind a check of every request's signature.
 */
export async function startS3Server(): Promise<S3Server> {
  // biome-ignore lint/style/noProcessEnv: the tests' own switch to another server
  const { TEST_S3_ENDPOINT, TEST_S3_ACCESS_KEY_ID, TEST_S3_SECRET_ACCESS_KEY, TEST_S3_BUCKET } = process.env;
  if (!TEST_S3_ENDPOINT) return startLoopbackServer();
  const access = {
    endpoint: TEST_S3_ENDPOINT,
    accessKeyId: TEST_S3_ACCESS_KEY_ID ?? "",
    secretAccessKey: TEST_S3_SECRET_ACCESS_KEY ?? "",
  };
  return {
    ...access,
    bucket: TEST_S3_BUCKET ?? "facefleet-test",
    createBucket: (name) => createBucket(access, name),
    stop: async () => {},
  };
}

/** s3rver ciphers the cursors of its lists with DES, which OpenSSL 3 refuses; AES does as well. */
function replaceDes(): void {
  const { createCipheriv, createDecipheriv } = crypto;
  const widened = (bytes: Buffer) => Buffer.concat([bytes, bytes]);
  const replaced = (make: typeof createCipheriv | typeof createDecipheriv) =>
    ((name: string, key: Buffer, iv: Buffer) =>
      name === "des" ? make("aes-128-cbc", widened(key), widened(iv)) : make(name, key, iv)) as never;
  crypto.createCipheriv = replaced(createCipheriv);
  crypto.createDecipheriv = replaced(createDecipheriv);
}

async function startLoopbackServer(): Promise<S3Server> {
  const directory = await mkdtemp(path.join(tmpdir(), "facefleet-s3-"));
  // The id that s3rver knows; the secret is the one that goes with it.
  const keys = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
  replaceDes();
  const s3rver = new S3rver({ directory, silent: true, vhostBuckets: false });
  const server = createServer(signedOnly(s3rver.callback(), keys.secretAccessKey));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const access = { ...keys, endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  const bucket = "facefleet-test";
  await createBucket(access, bucket);
  for (const name of ["uploads", "batches"]) await keepFolder(path.join(directory, bucket, "facefleet-own", name));
  return {
    ...access,
    bucket,
    createBucket: (name) => createBucket(access, name),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      s3rver.logger.exceptions.unhandle();
      s3rver.logger.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/**
 * s3rver removes a folder with the last object in it, and dies when another one is being written there. What it does
 * not know, it lists nowhere and leaves.
 */
async function keepFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "kept"), "");
}

function signedOnly(next: RequestListener, secretAccessKey: string): RequestListener {
  return (request, response) => {
    if (hasValidSignature(request, secretAccessKey)) return next(request, response);
    request.resume();
    response.writeHead(403, { "content-type": "application/xml" });
    response.end("<Error><Code>SignatureDoesNotMatch</Code><Message>The signature is not right.</Message></Error>");
  };
}

export async function createBucket(
  { endpoint, ...credentials }: Pick<S3Server, "endpoint" | "accessKeyId" | "secretAccessKey">,
  name: string,
): Promise<void> {
  const client = new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: name }));
  client.destroy();
}
