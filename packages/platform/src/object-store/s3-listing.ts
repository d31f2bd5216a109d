import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from "@aws-sdk/client-s3";
import { ProblemError } from "@facefleet/contracts";
import type { ObjectPage, ObjectPlace } from "./object-store.js";

/** Some servers give pages without a key on the way to the next one, but not so many in a row. */
const mostEmptyPages = 1000;

/**
 * A page of a bucket's list, as S3 gives it and servers that only resemble S3.
 * @throws ProblemError `batch_source_invalid` for a list that does not move on
 */
export async function listPage(
  client: S3Client,
  place: ObjectPlace,
  { cursor, limit }: { readonly cursor?: string; readonly limit: number },
): Promise<ObjectPage> {
  let token = cursor;
  for (let pages = 0; pages < mostEmptyPages; pages += 1) {
    const answer = await client.send(
      new ListObjectsV2Command({
        Bucket: place.bucket,
        Prefix: place.prefix,
        ContinuationToken: token,
        MaxKeys: limit,
        // Not every key can be written in XML.
        EncodingType: "url",
      }),
    );
    const next = nextToken(answer);
    if (next === undefined ? answer.IsTruncated : next === token) throw stuck(place);
    const page = namesOf(answer);
    const isEmpty = page.keys.length === 0 && page.unreadable.length === 0;
    if (!isEmpty || next === undefined) return { ...page, ...(next !== undefined && { cursor: next }) };
    token = next;
  }
  throw stuck(place);
}

/** Some servers send one with the last page too: an empty one, or the one that was sent to them. */
function nextToken({ IsTruncated, NextContinuationToken }: ListObjectsV2CommandOutput): string | undefined {
  return IsTruncated === false ? undefined : NextContinuationToken || undefined;
}

/** Servers that know of no encoding do not say that they have used it. */
function namesOf({ Contents = [], EncodingType }: ListObjectsV2CommandOutput) {
  const isEncoded = EncodingType?.toLowerCase() === "url";
  const keys: string[] = [];
  const unreadable: string[] = [];
  for (const { Key } of Contents) {
    if (Key === undefined) continue;
    const key = isEncoded ? decoded(Key) : written(Key);
    if (key === undefined) unreadable.push(Key);
    else keys.push(key);
  }
  return { keys, unreadable };
}

/** Undefined for bytes that are not UTF-8. */
function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/** Undefined where what was read need not be what is there: XML takes all line breaks for one. */
function written(name: string): string | undefined {
  return /[\n\ufffd]/.test(name) ? undefined : name;
}

function stuck({ bucket, prefix }: ObjectPlace): ProblemError {
  return new ProblemError(
    "batch_source_invalid",
    `Expected the object store to list all that is below ${JSON.stringify(prefix)} in ${bucket} but its list does not move on.`,
  );
}
