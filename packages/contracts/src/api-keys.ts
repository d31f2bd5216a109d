import { type Static, Type } from "typebox";
import { BucketName } from "./bucket.js";
import { TenantId } from "./tenant.js";

/** One key of a tenant. The key itself is nowhere: whoever reads this cannot use it. */
export const ApiKeyEntry = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** Of the key's text, in hex. */
    sha256: Type.String({ pattern: "^[0-9a-fA-F]{64}$" }),
    /** The key is refused from then on. */
    expiresAt: Type.Optional(Type.String({ format: "date-time" })),
  },
  { additionalProperties: false },
);
export type ApiKeyEntry = Static<typeof ApiKeyEntry>;

export const TenantEntry = Type.Object(
  {
    keys: Type.Array(ApiKeyEntry),
    /** While it is, whatever its keys ask for is refused. */
    suspended: Type.Optional(Type.Boolean()),
    /** Any number without it. */
    requestsPerMinute: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    /** How many jobs may be queued or active at once; any number without it. */
    maxQueuedJobs: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
    /** How many bytes of Redis its jobs, results and batches may take; a share of what there is without it. */
    maxKeptBytes: Type.Optional(Type.Integer({ minimum: 1_000_000 })),
    /** How many bytes of the object store its uploads and large results may take; the setting of all tenants without it. */
    maxStoredBytes: Type.Optional(Type.Integer({ minimum: 1_000_000 })),
    /** How many uploads it may have that are not deleted; the setting of all tenants without it. */
    maxUploads: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000 })),
    /** The buckets that may be named; without it, all that the service opens to callers. */
    allowedBuckets: Type.Optional(Type.Array(BucketName)),
  },
  { additionalProperties: false },
);
export type TenantEntry = Static<typeof TenantEntry>;

/** What the file `API_KEYS_FILE` holds, as JSON. */
export const ApiKeysFile = Type.Object(
  { tenants: Type.Record(TenantId, TenantEntry, { additionalProperties: false }) },
  { additionalProperties: false },
);
export type ApiKeysFile = Static<typeof ApiKeysFile>;
