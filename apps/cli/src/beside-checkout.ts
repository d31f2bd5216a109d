import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { rootDir } from "./checkout.js";

/** A file or folder of the test data beside the checkout, where it exists. */
export function besideCheckout(...names: string[]): string | undefined {
  const path = resolve(rootDir, "..", "shared", ...names);
  return existsSync(path) ? path : undefined;
}
