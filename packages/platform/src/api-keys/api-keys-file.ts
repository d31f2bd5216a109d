import { readFile } from "node:fs/promises";
import { type ApiKeyEntry, ApiKeysFile } from "@facefleet/contracts";
import { Settings } from "typebox/system";
import { Value } from "typebox/value";
import { ConfigError } from "../config/index.js";
import { withoutKeys } from "./api-key.js";

const mostFaults = 1000;

/** @throws ConfigError that lists every fault of the file, each with its place, and no value of it */
export async function readApiKeysFile(path: string): Promise<ApiKeysFile> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "an error" } = error as NodeJS.ErrnoException;
    throw new ConfigError([`API_KEYS_FILE: Expected a file that can be read but received ${code} for ${path}`]);
  }
  return parseApiKeysFile(text, path);
}

/**
 * @param path what the faults call the file
 * @throws ConfigError
 */
export function parseApiKeysFile(text: string, path: string): ApiKeysFile {
  const faults: string[] = [];
  const content = parse(text);
  if (content === undefined) faults.push("Expected JSON but received something else");
  else if (Value.Check(ApiKeysFile, content)) faults.push(...faultsOfKeys(content));
  else faults.push(...faultsOfForm(content));
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => withoutKeys(`${path}: ${fault}`)));
  return content as ApiKeysFile;
}

/** The parser's own message would quote the text, with what may be a key. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The validator's messages name what is expected and never what is there. */
function faultsOfForm(content: unknown): string[] {
  return errorsOf(content)
    .filter(({ keyword }) => keyword !== "additionalProperties")
    .map(({ instancePath, keyword, message }) =>
      keyword === "boolean" ? unknownName(instancePath) : `${instancePath || "the whole"} ${message}`,
    );
}

/** The validator stops at 8 faults unless told otherwise. */
function errorsOf(content: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: mostFaults });
  try {
    return Value.Errors(ApiKeysFile, content);
  } finally {
    Settings.Set({ maxErrors });
  }
}

function unknownName(path: string): string {
  const isTenant = /^\/tenants\/[^/]*$/.test(path);
  return isTenant
    ? `${path} is no name of a tenant: lower-case letters, digits and hyphens, 63 at most`
    : `${path} is unknown`;
}

/** What no schema says: one owner for each key, and a time for each expiry. */
function faultsOfKeys({ tenants }: ApiKeysFile): string[] {
  const owners = new Map<string, string>();
  const faults: string[] = [];
  for (const [tenant, { keys }] of Object.entries(tenants)) {
    for (const [index, key] of keys.entries()) {
      const place = `/tenants/${tenant}/keys/${index}`;
      const hash = key.sha256.toLowerCase();
      const other = owners.get(hash);
      if (other) faults.push(`${place}/sha256 is the same as ${other}/sha256`);
      else owners.set(hash, place);
      if (!hasRealExpiry(key)) faults.push(`${place}/expiresAt must be a time that exists`);
    }
  }
  return faults;
}

/** A leap second has the right form, but no number: compared with any time it would never be over. */
function hasRealExpiry({ expiresAt }: ApiKeyEntry): boolean {
  return expiresAt === undefined || !Number.isNaN(Date.parse(expiresAt));
}
