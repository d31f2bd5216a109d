import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout that this file belongs to; of an installation, the folder in which the packages are. */
export const rootDir = fileURLToPath(new URL("../../..", import.meta.url));

/** Only a checkout has what developers need: packages and images leave it out. */
export const isCheckout = existsSync(join(rootDir, "pnpm-workspace.yaml"));

/** Loads what only a checkout has. */
export async function ofCheckout<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  if (isCheckout) return load();
  throw new Error("Expected a checkout for this command, which is for developers, but received an installation");
}
