import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { ConfigError, type StoreSettings } from "../config/index.js";

const connectionTimeoutMs = 2000;
/** Without a byte in either direction. */
const silenceTimeoutMs = 5000;

/** @throws ConfigError for half a pair of credentials */
export function openS3Client(settings: StoreSettings): S3Client {
  return new S3Client(clientConfig(settings));
}

function clientConfig(settings: StoreSettings): S3ClientConfig {
  const credentials = credentialsOf(settings);
  return {
    region: settings.S3_REGION,
    forcePathStyle: settings.S3_FORCE_PATH_STYLE,
    ...(settings.S3_ENDPOINT !== undefined && { endpoint: settings.S3_ENDPOINT }),
    ...(credentials && { credentials }),
    maxAttempts: 2,
    // Callers' buckets may be in other regions than the service's own.
    followRegionRedirects: true,
    requestHandler: { connectionTimeout: connectionTimeoutMs, socketTimeout: silenceTimeoutMs },
    // Servers that only resemble S3 refuse the SDK's newer default checksums.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  };
}

function credentialsOf({ S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey }: StoreSettings) {
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey };
  if (!accessKeyId && !secretAccessKey) return undefined;
  const missing = accessKeyId ? "S3_SECRET_ACCESS_KEY" : "S3_ACCESS_KEY_ID";
  throw new ConfigError([`${missing}: Expected a value beside its other half but received nothing`]);
}
