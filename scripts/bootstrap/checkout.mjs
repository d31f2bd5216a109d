import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export const dataDir = join(root, ".data");

export function say(line) {
  process.stderr.write(`${line}\n`);
}
