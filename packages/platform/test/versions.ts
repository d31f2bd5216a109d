import { ListObjectVersionsCommand, PutBucketVersioningCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Server } from "./s3-server.js";

type Access = Pick<S3Server, "endpoint" | "accessKeyId" | "secretAccessKey">;

export function clientOf({ endpoint, ...credentials }: Access): S3Client {
  return new S3Client({ endpoint, credentials, region: "us-east-1", forcePathStyle: true });
}

export async function keepVersions(server: Access, Bucket: string, keep = true): Promise<void> {
  const VersioningConfiguration = { Status: keep ? ("Enabled" as const) : ("Suspended" as const) };
  await clientOf(server).send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
}

/** The first thousand of all versions and markers in a bucket. */
export async function bucketVersions(
  server: Access,
  Bucket: string,
): Promise<{ readonly key: string; readonly isMarker: boolean }[]> {
  const found = await clientOf(server).send(new ListObjectVersionsCommand({ Bucket }));
  const entries = (of: readonly { Key?: string | undefined }[] = [], isMarker: boolean) =>
    of.map(({ Key = "" }) => ({ key: Key, isMarker }));
  return [...entries(found.Versions, false), ...entries(found.DeleteMarkers, true)];
}
