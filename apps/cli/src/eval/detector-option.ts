import { detectorNames } from "@facefleet/contracts";
import { Option } from "commander";

/** Which detector a command uses. */
export function detectorOption(description: string): Option {
  return new Option("--detector <name>", description).choices(detectorNames);
}
