import { createObjectStore, type ObjectStore } from "@facefleet/platform";
import type { DeploymentInfo } from "./deployment.js";

/** A deployment's S3 server, as somebody else who uses it sees it. */
export function bucketsOf({ s3 }: DeploymentInfo): ObjectStore {
  const { endpoint, accessKeyId, secretAccessKey, bucket } = s3;
  return createObjectStore({
    S3_ENDPOINT: endpoint,
    S3_REGION: "us-east-1",
    S3_BUCKET: bucket,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
    S3_FORCE_PATH_STYLE: true,
    STORE_DIR: "",
  });
}
