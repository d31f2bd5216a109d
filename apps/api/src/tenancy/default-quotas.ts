import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ApiConfig } from "../config.js";
import type { TenantQuotas } from "./tenant.js";

/** Of an object store whose size nobody knows. */
const storedBytes = 200 * 2 ** 30;
/** Of the disk of a folder. */
const shareOfDisk = 0.25;

/** What a tenant may have whose entry in the file of keys does not say. */
export async function defaultQuotas(config: ApiConfig): Promise<TenantQuotas> {
  return { maxStoredBytes: await defaultStoredBytes(config), maxUploads: config.TENANT_UPLOADS };
}

async function defaultStoredBytes({ TENANT_STORED_BYTES, S3_BUCKET, STORE_DIR }: ApiConfig): Promise<number> {
  if (TENANT_STORED_BYTES > 0) return TENANT_STORED_BYTES;
  return S3_BUCKET === undefined ? Math.floor((await diskBytes(resolve(STORE_DIR))) * shareOfDisk) : storedBytes;
}

/** Of the disk that a folder is on, or will be once it is made. */
async function diskBytes(folder: string): Promise<number> {
  try {
    const { blocks, bsize } = await statfs(folder);
    return blocks * bsize;
  } catch (error) {
    const above = dirname(folder);
    if (above === folder) throw error;
    return diskBytes(above);
  }
}
