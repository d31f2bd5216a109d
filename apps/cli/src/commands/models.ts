import { resolve } from "node:path";
import { listPacks, type PackStatus, verifyPack } from "@facefleet/core/models";
import type { Command } from "commander";
import { ensurePack } from "./models/ensure-pack.js";
import type { ModelsConfig } from "./models/models-config.js";
import { megabytes } from "./models/pull-display.js";

export { ensurePack } from "./models/ensure-pack.js";

interface ModelsFlags {
  readonly modelsDir?: string;
  readonly mirror?: string;
}

/** Adds `models pull`, `models verify` and `models list`. */
export function addModelsCommands(program: Command, config: ModelsConfig): void {
  const models = program.command("models").description("pull, verify and list model packs");
  const withFolder = (command: Command) =>
    command.option("--models-dir <folder>", "where the packs are kept (MODELS_DIR)", config.MODELS_DIR);

  withFolder(models.command("pull [name]"))
    .description("download a model pack, check it, and convert it for use")
    .option(
      "--mirror <folder or URL>",
      "where to take the files from, instead of the upstream hosts (FACEFLEET_MODEL_MIRROR)",
      config.FACEFLEET_MODEL_MIRROR,
    )
    .action((name: string | undefined, flags: ModelsFlags) => pull(name, override(config, flags)));
  withFolder(models.command("verify [name]"))
    .description("read every byte of a model pack and check it")
    .action((name: string | undefined, flags: ModelsFlags) => verify(name, override(config, flags)));
  withFolder(models.command("list"))
    .description("list the known model packs")
    .action((flags: ModelsFlags) => list(override(config, flags)));
}

function override(config: ModelsConfig, { modelsDir, mirror }: ModelsFlags): ModelsConfig {
  return {
    MODELS_DIR: resolve(modelsDir ?? config.MODELS_DIR),
    FACEFLEET_MODEL_MIRROR: mirror ?? config.FACEFLEET_MODEL_MIRROR,
  };
}

async function pull(name: string | undefined, config: ModelsConfig): Promise<void> {
  const { dir, pulled } = await ensurePack(config, { name });
  print(pulled ? `Pulled the model pack to ${dir}` : `The model pack is already at ${dir}`);
}

async function verify(name: string | undefined, { MODELS_DIR }: ModelsConfig): Promise<void> {
  await verifyPack(MODELS_DIR, name);
  print("The model pack is intact");
}

async function list({ MODELS_DIR }: ModelsConfig): Promise<void> {
  for (const status of await listPacks(MODELS_DIR)) print(describe(status));
}

function describe({ name, state, dir, record, licences }: PackStatus): string {
  const size = record === undefined ? "" : `, ${megabytes(record.weights.bytes)} MB`;
  return [`${name}  ${state}${size}`, dir, ...licences.map((licence) => `licence of ${licence}`)].join("\n  ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
