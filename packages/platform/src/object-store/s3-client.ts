import { S3Client, type S3ClientConfig } from "@aws-sdk/client-s3";
import { ConfigError, type StoreSettings } from "../config/index.js";
import { isPublicHost } from "../egress/public-host.js";

const connectionTimeoutMs = 2000;
/** Without a byte in either direction. */
const silenceTimeoutMs = 5000;

/** @throws ConfigError for half a pair of credentials */
export function openS3Client(settings: StoreSettings): S3Client {
  return new S3Client(clientConfig(settings));
}

/**
 * What signs requests that callers send themselves: the host is part of a signature, so it names the store as they do.
 * Undefined where no address of the store is known that they could reach.
 */
export function openS3Presigner(settings: StoreSettings): S3Client | undefined {
  const { S3_PUBLIC_ENDPOINT, S3_ENDPOINT } = settings;
  if (S3_PUBLIC_ENDPOINT !== undefined) return openS3Client({ ...settings, S3_ENDPOINT: S3_PUBLIC_ENDPOINT });
  return S3_ENDPOINT === undefined || isPublicHost(S3_ENDPOINT) ? openS3Client(settings) : undefined;
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
