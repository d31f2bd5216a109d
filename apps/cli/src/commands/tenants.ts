import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { withSuspension } from "../keys/tenant-keys.js";

/** `tenants list`, `tenants erase`, `tenants suspend` and `tenants resume`. */
export function defineTenants(tenants: Command, { config }: CommandContext): void {
  tenants
    .command("list")
    .description("what each tenant has, whoever has most of Redis first")
    .option("--json", "as JSON, a line for each")
    .action(async ({ json = false }: { json?: boolean }) => {
      const { listTenants } = await import("../tenants/tenant-work.js");
      await listTenants(config, json);
    });
  tenants
    .command("erase <tenant>")
    .description("cancel and erase all jobs, batches, results and uploads of a tenant")
    .option("--yes", "without asking: it cannot be undone")
    .action(async (tenant: string, { yes = false }: { yes?: boolean }) => {
      if (!yes) throw new Error(`Expected --yes: all that ${tenant} has is erased, and that cannot be undone`);
      const { eraseTenant } = await import("../tenants/tenant-work.js");
      await eraseTenant(config, tenant);
    });
  for (const [name, isSuspended, what] of [
    ["suspend", true, "refuse whatever a tenant asks for; what it has goes on, unless erased"],
    ["resume", false, "let a tenant ask again"],
  ] as const) {
    tenants
      .command(`${name} <tenant>`)
      .description(what)
      .option("--file <file>", "the file of keys (API_KEYS_FILE)", config.API_KEYS_FILE)
      .action((tenant: string, { file }: { file?: string }) => suspend(tenant, isSuspended, file));
  }
}

async function suspend(tenant: string, isSuspended: boolean, file: string | undefined): Promise<void> {
  if (file === undefined) throw new Error("Expected --file or API_KEYS_FILE but received neither");
  const { editKeysFile } = await import("../keys/edit-keys-file.js");
  await editKeysFile(file, (keys) => withSuspension(keys, tenant, isSuspended));
  const outcome = isSuspended ? `${tenant} is refused from the next look at ${file} on` : `${tenant} may ask again`;
  process.stdout.write(`${outcome}\n`);
}
