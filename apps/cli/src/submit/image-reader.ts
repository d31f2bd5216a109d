import { readFile } from "node:fs/promises";
import type { ObjectStore } from "@facefleet/platform";
import { type CliConfig, storeEnvironment } from "../config.js";
import type { SubmitInput } from "./submit-input.js";

type StoreConfig = Pick<CliConfig, "env" | "DATA_DIR" | "S3_BUCKET">;

/** More than the service takes unless told, and few enough to be held. */
const maxBytes = 256e6;

/** Reads the bytes of inputs: files, and objects of the store that this machine's own settings name. */
export class ImageReader {
  readonly #config: StoreConfig;
  #store: Promise<ObjectStore> | undefined;

  constructor(config: StoreConfig) {
    this.#config = config;
  }

  async read(input: SubmitInput): Promise<Buffer> {
    if (input.kind === "fault") throw new Error(input.fault);
    if (input.kind === "file") return readFile(input.name);
    this.#store ??= openStore(this.#config);
    return (await this.#store).get({ bucket: input.bucket, key: input.key }, { maxBytes });
  }

  async close(): Promise<void> {
    await (await this.#store)?.close();
  }
}

/** Loaded for whoever draws on objects only. */
async function openStore(config: StoreConfig): Promise<ObjectStore> {
  const { createObjectStore, loadConfig, storeSettings } = await import("@facefleet/platform");
  return createObjectStore(loadConfig(storeSettings, storeEnvironment(config)));
}
