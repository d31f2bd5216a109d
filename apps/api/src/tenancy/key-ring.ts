import { createHash, timingSafeEqual } from "node:crypto";
import type { ApiKeyEntry, ApiKeysFile, TenantEntry } from "@facefleet/contracts";
import { hashApiKey } from "@facefleet/platform";
import type { Tenant, TenantQuotas } from "./tenant.js";

interface HeldKey {
  readonly hash: Buffer;
  readonly tenant: Tenant;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** The keys of all tenants. */
export class KeyRing {
  readonly #keys: readonly HeldKey[];
  readonly #byId: ReadonlyMap<string, HeldKey>;

  /** @param defaults of tenants whose entry does not say */
  constructor({ tenants }: ApiKeysFile, defaults: TenantQuotas = {}) {
    this.#keys = Object.entries(tenants).flatMap(([id, entry]) => {
      const tenant = tenantOf(id, entry, defaults);
      return entry.keys.map((key) => heldKey(key, tenant));
    });
    this.#byId = new Map(this.#keys.map((held) => [idOf(held.hash, held.tenant), held]));
  }

  get size(): number {
    return this.#keys.length;
  }

  /** Whose key it is, unless it has expired. Looks at every key, whichever it is, and takes the same time for each. */
  ownerOf(key: string): Tenant | undefined {
    const hash = hashApiKey(key);
    let found: HeldKey | undefined;
    for (const held of this.#keys) if (timingSafeEqual(held.hash, hash)) found = held;
    return found && Date.now() < found.expiresAt ? found.tenant : undefined;
  }

  /** Whether what the key of this id began may go on: it is still a valid one, and the same tenant's. */
  holds(keyId: string): boolean {
    const held = this.#byId.get(keyId);
    return held !== undefined && Date.now() < held.expiresAt && !held.tenant.isSuspended;
  }
}

/** What a tenant's key is called where it may be seen: nothing can be told of it. */
export function keyIdOf(key: string, tenant: Tenant): string {
  return idOf(hashApiKey(key), tenant);
}

function idOf(hash: Buffer, { id }: Tenant): string {
  return createHash("sha256").update(`key of ${id}\n`).update(hash).digest("base64url").slice(0, 22);
}

function tenantOf(id: string, entry: TenantEntry, defaults: TenantQuotas): Tenant {
  const { requestsPerMinute, allowedBuckets, suspended = false, keys: _, ...quotas } = entry;
  return {
    id,
    isSuspended: suspended,
    requestsPerMinute,
    quotas: { ...defaults, ...quotas },
    allowedBuckets: allowedBuckets && new Set(allowedBuckets),
  };
}

function heldKey({ sha256, expiresAt }: ApiKeyEntry, tenant: Tenant): HeldKey {
  const end = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
  return { hash: Buffer.from(sha256, "hex"), tenant, expiresAt: end };
}
