import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";

/**
 * The full path of a program in the folders of `path` (a PATH variable), or undefined.
 *
 * @param {string} program
 * @param {string} path
 */
export async function findOnPath(program, path) {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    const file = join(folder, program);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** @param {string} file */
function isExecutable(file) {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
