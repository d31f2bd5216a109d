import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type LifecycleRule,
  ListObjectVersionsCommand,
  type ObjectLockConfiguration,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import type { ObjectPlace } from "./object-store.js";

/** Results may be kept for that long. */
const longestResultDays = 7;

export interface BucketLook {
  readonly keepsVersions: boolean;
  /** What cannot be promised of what is deleted there, or kept, one sentence each. */
  readonly notices: readonly string[];
}

/** Looks at how the bucket in which the service keeps what is its own was set up. What cannot be seen is not spoken of. */
export async function lookAtBucket(client: S3Client, { bucket: Bucket, prefix }: ObjectPlace): Promise<BucketLook> {
  const [versioning, lock, rules] = await Promise.all([
    seen(client.send(new GetBucketVersioningCommand({ Bucket }))),
    seen(client.send(new GetObjectLockConfigurationCommand({ Bucket }))),
    seen(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))),
  ]);
  const keepsVersions = ["Enabled", "Suspended"].includes(versioning?.Status ?? "");
  const notices = [
    keepsVersions && (await versionsNotice(client, Bucket, prefix)),
    versioning?.MFADelete === "Enabled" &&
      "It wants a second factor to delete versions, which the service does not have: what is deleted stays there.",
    lockNotice(lock?.ObjectLockConfiguration),
    expiryNotice(rules?.Rules ?? [], prefix),
  ];
  return { keepsVersions, notices: notices.filter((notice) => typeof notice === "string") };
}

async function versionsNotice(client: S3Client, Bucket: string, Prefix: string): Promise<string> {
  const listed = await seen(client.send(new ListObjectVersionsCommand({ Bucket, Prefix, MaxKeys: 1 })));
  return listed
    ? "It keeps versions: what the service deletes goes with all of its versions (s3:DeleteObjectVersion), but not from replicas and backups of the bucket."
    : "It keeps versions, which the service may not list (s3:ListBucketVersions): what is deleted stays there.";
}

function lockNotice(lock: ObjectLockConfiguration | undefined): string | undefined {
  const retention = lock?.Rule?.DefaultRetention;
  if (!retention) return undefined;
  const time = retention.Years ? `${retention.Years} years` : `${retention.Days} days`;
  return `It locks what is stored for ${time}, and takes nothing without a checksum: nothing can be stored there as it is.`;
}

function expiryNotice(rules: readonly LifecycleRule[], prefix: string): string | undefined {
  const soonest = Math.min(...rules.filter((rule) => covers(rule, prefix)).map(({ Expiration }) => Expiration!.Days!));
  if (soonest > longestResultDays) return undefined;
  return `A lifecycle rule deletes what is older than ${soonest} days: images that wait for longer and results that are kept for longer are lost.`;
}

function covers({ Status, Filter, Prefix, Expiration }: LifecycleRule, prefix: string): boolean {
  const isForAll = Filter?.Tag === undefined && Filter?.And?.Tags === undefined;
  const named = Filter?.And?.Prefix ?? Filter?.Prefix ?? Prefix ?? "";
  return Status === "Enabled" && Expiration?.Days !== undefined && isForAll && prefix.startsWith(named);
}

/** Undefined for what is not set, not there or not allowed. */
async function seen<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof S3ServiceException) return undefined;
    throw error;
  }
}
