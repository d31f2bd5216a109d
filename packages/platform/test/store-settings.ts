import { loadConfig, type StoreSettings, storeSettings } from "../src/config/index.js";
import type { S3Server } from "./s3-server.js";

export function folderSettings(directory: string): StoreSettings {
  return loadConfig(storeSettings, { STORE_DIR: directory });
}

export function s3Settings(
  server: Pick<S3Server, "endpoint" | "accessKeyId" | "secretAccessKey" | "bucket">,
  overrides: Record<string, string> = {},
): StoreSettings {
  return loadConfig(storeSettings, {
    S3_ENDPOINT: server.endpoint,
    S3_PUBLIC_ENDPOINT: server.endpoint,
    S3_BUCKET: server.bucket,
    S3_ACCESS_KEY_ID: server.accessKeyId,
    S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    ...overrides,
  });
}
