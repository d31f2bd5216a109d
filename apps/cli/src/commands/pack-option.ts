import { packCatalogue } from "@facefleet/core/models";
import { Option } from "commander";
import type { CliConfig } from "../config.js";

/** Which weights a command computes with. */
export function packOption({ PACK }: Pick<CliConfig, "PACK">): Option {
  const names = packCatalogue.map(({ name }) => name);
  return new Option("--pack <name>", "the model pack (PACK)").choices(names).default(PACK);
}
