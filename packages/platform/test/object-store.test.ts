import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { createObjectStore } from "../src/object-store/index.js";
import { haveMoto, startMoto } from "./moto-server.js";
import { describeObjectStore } from "./object-store.conformance.js";
import { type S3Server, startS3Server } from "./s3-server.js";
import { haveSeaweedfs, startSeaweedfs } from "./seaweedfs-server.js";
import { folderSettings, s3Settings } from "./store-settings.js";

const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
});

describeObjectStore("folder", async () => {
  const directory = await mkdtemp(path.join(tmpdir(), "facefleet-store-"));
  ends.push(() => rm(directory, { recursive: true }));
  return createObjectStore(folderSettings(directory));
});

async function open(starting: Promise<S3Server>) {
  const server = await starting;
  ends.push(() => server.stop());
  return createObjectStore(s3Settings(server));
}

describeObjectStore("s3", () => open(startS3Server()));
if (haveMoto) describeObjectStore("moto", () => open(startMoto()));
if (haveSeaweedfs) describeObjectStore("SeaweedFS", () => open(startSeaweedfs()));
