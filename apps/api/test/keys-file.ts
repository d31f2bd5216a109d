import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TenantEntry } from "@facefleet/contracts";
import { hashApiKey, newApiKey } from "@facefleet/platform";

type Limits = Omit<TenantEntry, "keys">;

/** A file of API keys in a folder of its own. */
export class KeysFile {
  private constructor(
    readonly folder: string,
    readonly path: string,
  ) {}

  static async create(): Promise<KeysFile> {
    const folder = await mkdtemp(path.join(tmpdir(), "facefleet-keys-"));
    return new KeysFile(folder, path.join(folder, "keys.json"));
  }

  /** Puts a new file in the old one's place, as editors and `facefleet keys` do. */
  async replace(text: string): Promise<void> {
    await writeFile(`${this.path}.new`, text);
    await rename(`${this.path}.new`, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A key, and what its tenant's entry is in the file. */
export class KeyHolder {
  readonly key = newApiKey();

  constructor(
    readonly tenant: string,
    private readonly limits: Limits = {},
    private readonly expiresAt?: string,
  ) {}

  get headers(): { authorization: string } {
    return { authorization: `Bearer ${this.key}` };
  }

  get entry(): TenantEntry {
    const sha256 = hashApiKey(this.key).toString("hex");
    const key = { name: "test", sha256, ...(this.expiresAt !== undefined && { expiresAt: this.expiresAt }) };
    return { keys: [key], ...this.limits };
  }
}

export function keysOf(...holders: readonly KeyHolder[]): string {
  return JSON.stringify({ tenants: Object.fromEntries(holders.map(({ tenant, entry }) => [tenant, entry])) });
}
