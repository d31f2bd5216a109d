// The package `facefleet`: the whole fleet as one, with our own packages inside it and the others' as its dependencies.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What nobody runs: types for compilers. */
const isLeftOut = (file) => /\.d\.m?ts$/.test(file);

/** Only developers' commands need it, and these stay in the checkout. */
const leftOut = "@facefleet/bench";

/** As in pnpm-workspace.yaml: fastify's range admits a version that wants a newer Node, and npm would take it. */
const held = { cookie: "^1.0.2" };

/**
 * Lays the package out in an empty folder; the sources have to be built.
 *
 * @param {string} root the checkout
 * @param {string} folder where to
 */
export function layOutFacefleet(root, folder) {
  const members = membersOf(root, ["@facefleet/api", "@facefleet/cli", "@facefleet/worker"]);
  rmSync(folder, { recursive: true, force: true });
  for (const member of members.values()) copyMember(member, join(folder, "node_modules", member.manifest.name));
  const shell = join(root, "infra", "npm");
  cpSync(join(shell, "README.md"), join(folder, "README.md"));
  cpSync(join(shell, "facefleet.js"), join(folder, "bin", "facefleet.js"));
  cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
  cpSync(join(root, "tests", "assets", "portrait.png"), join(folder, "portrait.png"));
  const { name, version, description, keywords, license, type, engines } = readManifest(root);
  writeManifest(folder, {
    ...{ name, version, description, keywords, license, type, engines },
    bin: { facefleet: "bin/facefleet.js" },
    dependencies: { ...dependenciesOf([...members.values()]), ...held },
    bundleDependencies: [...members.keys()].sort(),
    publishConfig: { access: "public" },
  });
}

/** Our packages that the first ones need, by name. */
function membersOf(root, names) {
  const folders = new Map(
    ["apps", "packages"].flatMap((group) =>
      readdirSync(join(root, group)).map((name) => {
        const folder = join(root, group, name);
        return [readManifest(folder).name, folder];
      }),
    ),
  );
  const members = new Map();
  const add = (name) => {
    if (members.has(name) || name === leftOut) return;
    const manifest = readManifest(folders.get(name));
    members.set(name, { folder: folders.get(name), manifest });
    for (const needed of Object.keys(manifest.dependencies ?? {})) if (folders.has(needed)) add(needed);
  };
  for (const name of names) add(name);
  return members;
}

/** The files that npm would pack, and a manifest that names exact versions of the others of ours. */
function copyMember({ folder, manifest }, to) {
  const { devDependencies: _, private: __, scripts: ___, ...kept } = manifest;
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies ?? {})
      .filter(([name]) => name !== leftOut)
      .map(([name, range]) => [name, range.startsWith("workspace:") ? manifest.version : range]),
  );
  const list = ["pack", "--dry-run", "--json", "--ignore-scripts"];
  const [{ files }] = JSON.parse(execFileSync("npm", list, { cwd: folder, encoding: "utf8" }));
  for (const { path } of files.filter((file) => !isLeftOut(file.path))) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(join(folder, path), join(to, path));
  }
  writeManifest(to, { ...kept, ...(Object.keys(dependencies).length > 0 && { dependencies }) });
}

/** What the members need of others, in one range each, and the members themselves. */
function dependenciesOf(members) {
  const all = {};
  for (const { manifest } of members) {
    all[manifest.name] = manifest.version;
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      if (range.startsWith("workspace:")) continue;
      if (all[name] !== undefined && all[name] !== range) {
        throw new Error(`Expected one range of ${name} in our packages but received ${all[name]} and ${range}`);
      }
      all[name] = range;
    }
  }
  return Object.fromEntries(Object.entries(all).sort());
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

function writeManifest(folder, manifest) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
