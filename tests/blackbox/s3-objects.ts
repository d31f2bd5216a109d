import { createObjectStore, loadConfig, type ObjectStore, storeSettings } from "@facefleet/platform";
import { Type } from "typebox";
import { inject } from "vitest";

/** The deployment's S3 server, as somebody else who uses it sees it. */
export function openBuckets(): ObjectStore {
  const { endpoint, accessKeyId, secretAccessKey, bucket } = inject("deployment")!.s3;
  const settings = loadConfig(Type.Object(storeSettings), {
    S3_ENDPOINT: endpoint,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_BUCKET: bucket,
  });
  return createObjectStore(settings);
}
