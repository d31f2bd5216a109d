import { join, resolve } from "node:path";
import {
  defaultPackName,
  exportPack,
  importPack,
  listPacks,
  type PackStatus,
  verifyPack,
} from "@facefleet/core/models";
import type { Command } from "commander";
import { besideCheckout } from "../beside-checkout.js";
import { ofCheckout, rootDir } from "../checkout.js";
import type { CommandContext } from "../command-context.js";
import { ensurePack } from "./models/ensure-pack.js";
import type { ModelsConfig } from "./models/models-config.js";
import { megabytes } from "./models/pull-display.js";

interface ModelsFlags {
  readonly modelsDir?: string;
  readonly mirror?: string;
}

interface QuantiseFlags extends ModelsFlags {
  readonly photos: string;
  readonly weights: string;
}

/** `models list`, `pull`, `verify`, `export`, `import`, `quantise` and `yunet`. */
export function defineModels(models: Command, { config }: CommandContext): void {
  const withFolder = (command: Command) =>
    command.option("--models-dir <folder>", "where pulled packs are kept (MODELS_DIR)", config.MODELS_DIR);

  withFolder(models.command("list"))
    .description("list the known model packs, the default first")
    .action((flags: ModelsFlags) => list(override(config, flags)));
  withFolder(models.command("pull [pack]"))
    .description(
      "download the files of a pack that is not built in (default: PACK), check them, and convert them for use",
    )
    .option(
      "--mirror <folder or URL>",
      "where to take the files from, instead of the upstream hosts (FACEFLEET_MODEL_MIRROR)",
      config.FACEFLEET_MODEL_MIRROR,
    )
    .action((name: string | undefined, flags: ModelsFlags) => pull(name ?? config.PACK, override(config, flags)));
  withFolder(models.command("verify [pack]"))
    .description("read every byte of a pack (default: PACK) and check it")
    .action((name: string | undefined, flags: ModelsFlags) => verify(name ?? config.PACK, override(config, flags)));
  withFolder(models.command("export <pack> <file>"))
    .description("write a pack that is here as one file, for a machine that cannot pull it")
    .action((name: string, file: string, flags: ModelsFlags) => exportTo(name, file, override(config, flags)));
  withFolder(models.command("import <file>"))
    .description("check a file that `export` has written, and keep the pack")
    .action((file: string, flags: ModelsFlags) => importFrom(file, override(config, flags)));
  addQuantise(models);
  addYunet(models);
}

/** The packs that it makes belong to the sources, of which it is a part. */
function addQuantise(models: Command): void {
  const packs = join(rootDir, "packages", "core", "src", "models", "packs");
  const asset = (name: string) => join(rootDir, "tests", "assets", name);
  models
    .command("quantise")
    .description("make the built-in pack anew from float32 weights (for developers: writes into the checkout)")
    .requiredOption("--weights <file>", "the float32 weights: a pulled pack's safetensors file")
    .requiredOption("--photos <folder>", "photos of many people", besideCheckout("lfw", "images"))
    .action(async ({ weights, photos }: QuantiseFlags) => {
      const { quantise } = await ofCheckout(() => import("../eval/quantise.js"));
      const file = await quantise({
        pack: defaultPackName,
        twin: "facenet-20180402-114759",
        weights,
        photos,
        checkPhotos: ["portrait.png", "two-portraits.png"].map(asset),
        out: join(rootDir, "packages", "models"),
        pins: join(packs, "facenet-20180402-114759.weights.json"),
      });
      print(`Wrote ${file}, and pinned it`);
    });
}

/** So do these weights. */
function addYunet(models: Command): void {
  models
    .command("yunet")
    .description("make the built-in weights of YuNet anew (for developers: writes into the checkout)")
    .requiredOption(
      "--onnx <file>",
      "the ONNX file of its authors",
      besideCheckout("models", "yunet", "yunet_n_dynamic.onnx"),
    )
    .action(async ({ onnx }: { readonly onnx: string }) => {
      const { makeYunet } = await import("./models/make-yunet.js");
      const out = join(rootDir, "packages", "models", "yunet-n.safetensors");
      await makeYunet({
        onnx,
        out,
        pin: join(rootDir, "packages", "core", "src", "models", "detectors", "yunet.weights.json"),
      });
      print(`Wrote ${out}, and pinned it`);
    });
}

function override(config: ModelsConfig, { modelsDir, mirror }: ModelsFlags): ModelsConfig {
  return {
    PACK: config.PACK,
    MODELS_DIR: resolve(modelsDir ?? config.MODELS_DIR),
    FACEFLEET_MODEL_MIRROR: mirror ?? config.FACEFLEET_MODEL_MIRROR,
  };
}

async function pull(name: string, config: ModelsConfig): Promise<void> {
  const { path, pulled } = await ensurePack(config, { name });
  print(`${pulled ? "Pulled" : "Nothing to pull:"} the model pack ${name} ${pulled ? "to" : "is at"} ${path}`);
}

async function verify(name: string, { MODELS_DIR }: ModelsConfig): Promise<void> {
  await verifyPack(MODELS_DIR, name);
  print(`The model pack ${name} is intact`);
}

async function exportTo(name: string, file: string, { MODELS_DIR }: ModelsConfig): Promise<void> {
  await exportPack(MODELS_DIR, name, file);
  print(`Wrote the model pack ${name} to ${resolve(file)}; "facefleet models import" takes it`);
}

async function importFrom(file: string, { MODELS_DIR }: ModelsConfig): Promise<void> {
  print(`The model pack ${await importPack(MODELS_DIR, file)} is ready`);
}

async function list({ MODELS_DIR }: ModelsConfig): Promise<void> {
  for (const status of await listPacks(MODELS_DIR)) print(describe(status));
}

function describe({ name, origin, state, path, bytes, licences }: PackStatus): string {
  const title = `${name}  ${origin === "built-in" ? "built in, " : ""}${state}, ${megabytes(bytes)} MB`;
  return [title, path, ...licences.map((licence) => `licence of ${licence}`)].join("\n  ");
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
