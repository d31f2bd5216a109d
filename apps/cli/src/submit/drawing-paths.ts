import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import type { SubmitInput } from "./submit-input.js";

/**
 * Where the copies of images are, by the images' names: in the folder as the images are below what is common to all of
 * their paths, so that `a/x.jpg` and `b/x.jpg` are again that. Objects are below their bucket's name. A JPEG stays one; the
 * others get `.png` after their names. No two copies share a path, and none replaces an image.
 */
export function drawingPaths(folder: string, inputs: readonly SubmitInput[]): Map<string, string> {
  const places = new Map(inputs.map((input) => [input.name, placeOf(input)]));
  const common = commonFolder([...places.values()]);
  const taken = new Set([...places.keys()].map((name) => resolve(name)));
  const paths = new Map<string, string>();
  for (const [name, place] of places) {
    const path = freePath(join(folder, withEnding(relative(common, place))), taken);
    taken.add(resolve(path));
    paths.set(name, path);
  }
  return paths;
}

export function isJpeg(path: string): boolean {
  return /\.jpe?g$/i.test(path);
}

/** An object is where a folder store would have it; what a key may hold that leads elsewhere leads nowhere here. */
function placeOf(input: SubmitInput): string {
  return input.kind === "s3" ? join(sep, input.bucket, join(sep, input.key)) : resolve(input.name);
}

function commonFolder([first = "", ...others]: readonly string[]): string {
  let folder = dirname(first);
  while (others.some((place) => !place.startsWith(folder.endsWith(sep) ? folder : folder + sep)))
    folder = dirname(folder);
  return folder;
}

function withEnding(path: string): string {
  return isJpeg(path) || /\.png$/i.test(path) ? path : `${path}.png`;
}

function freePath(path: string, taken: ReadonlySet<string>): string {
  const stem = join(dirname(path), basename(path, extname(path)));
  for (let copy = 1; ; copy++) {
    const free = copy === 1 ? path : `${stem}-${copy}${extname(path)}`;
    if (!taken.has(resolve(free))) return free;
  }
}
