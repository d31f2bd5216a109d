import type { ApiKeyEntry, ApiKeysFile, TenantEntry } from "@facefleet/contracts";

/** @throws when the tenant has a key of that name */
export function withKey({ tenants }: ApiKeysFile, tenant: string, key: ApiKeyEntry): ApiKeysFile {
  const entry = entryOf(tenants, tenant) ?? { keys: [] };
  if (entry.keys.some(({ name }) => name === key.name)) {
    throw new Error(`Expected a new name but ${tenant} has a key "${key.name}" already; choose one with --name`);
  }
  return { tenants: { ...tenants, [tenant]: { ...entry, keys: [...entry.keys, key] } } };
}

/** The tenant stays, with its limits, also when it was its last key. */
export function withoutKey({ tenants }: ApiKeysFile, tenant: string, name: string): ApiKeysFile {
  const entry = entryOf(tenants, tenant);
  const keys = entry?.keys.filter((key) => key.name !== name) ?? [];
  if (!entry || keys.length === entry.keys.length) {
    throw new Error(`Expected the name of a key of ${tenant} but received "${name}"`);
  }
  return { tenants: { ...tenants, [tenant]: { ...entry, keys } } };
}

/** @throws when nothing is known of the tenant */
export function withSuspension({ tenants }: ApiKeysFile, tenant: string, isSuspended: boolean): ApiKeysFile {
  const known = entryOf(tenants, tenant);
  if (!known) throw new Error(`Expected a tenant in the file of keys but received "${tenant}"`);
  const { suspended: _, ...entry } = known;
  return { tenants: { ...tenants, [tenant]: isSuspended ? { suspended: true, ...entry } : entry } };
}

function entryOf(tenants: ApiKeysFile["tenants"], tenant: string): TenantEntry | undefined {
  return Object.hasOwn(tenants, tenant) ? tenants[tenant] : undefined;
}
