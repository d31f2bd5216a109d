import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { withKey, withoutKey } from "../keys/tenant-keys.js";

interface KeysFlags {
  readonly file?: string;
}

/** `keys create` and `keys revoke`. */
export function defineKeys(keys: Command, { config: { API_KEYS_FILE } }: CommandContext): void {
  const withFile = (command: Command) =>
    command.option("--file <file>", "the file of keys (API_KEYS_FILE)", API_KEYS_FILE);

  withFile(keys.command("create <tenant>"))
    .description("print a new key, once, and add its hash to the file of keys")
    .option("--name <name>", "what to call the key", "production")
    .action((tenant: string, { file, name }: KeysFlags & { name: string }) => create(tenant, name, file));
  withFile(keys.command("revoke <tenant> <name>"))
    .description("take a key out of the file of keys")
    .action((tenant: string, name: string, { file }: KeysFlags) => revoke(tenant, name, file));
}

/** Standard output gets the key alone, so that a script can take it. */
async function create(tenant: string, name: string, file: string | undefined): Promise<void> {
  const { hashApiKey, newApiKey, parseApiKeysFile } = await import("@facefleet/platform/api-keys");
  const key = newApiKey();
  const entry = { name, sha256: hashApiKey(key).toString("hex") };
  if (file === undefined) {
    const alone = JSON.stringify(withKey({ tenants: {} }, tenant, entry), undefined, 2);
    parseApiKeysFile(alone, "the new entry");
    say(`Put this into a file and its name into API_KEYS_FILE:\n${alone}`);
  } else {
    const { editKeysFile } = await import("../keys/edit-keys-file.js");
    await editKeysFile(file, (keys) => withKey(keys, tenant, entry));
    say(`Added the key "${name}" of ${tenant} to ${file}`);
  }
  say("This is the key. It is shown once and kept nowhere:");
  process.stdout.write(`${key}\n`);
}

async function revoke(tenant: string, name: string, file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("Expected --file or API_KEYS_FILE but received neither");
  const { editKeysFile } = await import("../keys/edit-keys-file.js");
  await editKeysFile(file, (keys) => withoutKey(keys, tenant, name));
  say(`Removed the key "${name}" of ${tenant} from ${file}`);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
