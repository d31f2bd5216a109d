import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a version of ours stands, by what is before it. */
const places = [
  {
    files: /^(apps|packages)\/\w+\/package\.json$|^bench\/package\.json$|^infra\/docker\/\w+\/package\.json$/,
    before: /^ {2}"version": "/gm,
  },
  { files: /^clients\/python\/pyproject\.toml$/, before: /^version = "/gm },
  { files: /Dockerfile$|^docker-compose.*\.yml$/, before: /facefleet\/(?:api|worker-\w+):|image\.version="/g },
  { files: /^infra\/kubernetes\/.*kustomization\.yaml$/, before: /^ +newTag: /gm },
];

/** The files in which the version of the root's package.json stands, too, as they are to be. */
export function versionedFiles(root) {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).split("\n");
  return Object.fromEntries(
    places.flatMap(({ files, before }) =>
      tracked
        .filter((file) => files.test(file))
        .map((file) => [file, withVersion(readFileSync(join(root, file), "utf8"), before, version)]),
    ),
  );
}

function withVersion(text, before, version) {
  return text.replace(new RegExp(`(${before.source})\\d+\\.\\d+\\.\\d+`, before.flags), `$1${version}`);
}
