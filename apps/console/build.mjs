// Builds the console into dist/: index.html, and beside it in assets/ what it loads, named by its content and compressed
// ahead. Does nothing where dist/ was built of the same sources.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "..", "..");
const dist = join(here, "dist");
const assets = join(dist, "assets");
const stamp = join(dist, ".built-of");

const inputs = [join(here, "src"), join(root, "packages", "client", "src")];
/** As paths from here: the console itself, the client, and the libraries that it may bring along. */
const madeOf = /^src\/|\/packages\/client\/src\/|\/node_modules\/(preact|@preact|@fontsource-variable)\//;

/** Whose licences go with the page. */
const withinIt = ["@fontsource-variable/inter", "preact", "@preact/signals"];
const single = [fileURLToPath(import.meta.url), join(root, "pnpm-lock.yaml")];

async function main() {
  const digest = digestOfInputs();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  rmSync(dist, { recursive: true, force: true });
  const { script, style, icon } = await bundle();
  const page = readFileSync(join(here, "src", "index.html"), "utf8");
  const named = { "main.tsx": script, "style.css": style, "icon.svg": icon };
  writeFileSync(
    join(dist, "index.html"),
    page.replace(/"\.\/([\w.]+)"/g, (whole, name) => (named[name] ? `"console/${named[name]}"` : whole)),
  );
  for (const name of readdirSync(assets)) compress(join(assets, name));
  for (const name of withinIt) {
    copyFileSync(join(root, "node_modules", name, "LICENSE"), join(dist, `LICENSE.${basename(name)}`));
  }
  writeFileSync(stamp, digest);
}

async function bundle() {
  // Loaded only where there is something to build.
  const { build } = await import("esbuild");
  const { metafile } = await build({
    entryPoints: ["main.tsx", "style.css", "icon.svg"].map((name) => join(here, "src", name)),
    absWorkingDir: here,
    outdir: assets,
    bundle: true,
    minify: true,
    metafile: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    conditions: ["source"],
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".webp": "file", ".woff2": "file", ".svg": "copy" },
    logLevel: "warning",
  });
  const stranger = Object.keys(metafile.inputs).find((input) => !madeOf.test(input));
  if (stranger) throw new Error(`Expected the console to be made of the client and Preact but received ${stranger}`);
  const built = (entry) =>
    basename(Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === `src/${entry}`)[0]);
  return { script: built("main.tsx"), style: built("style.css"), icon: built("icon.svg") };
}

/** What is compressed already, and what is tiny, stays as it is. */
function compress(file) {
  if (!/\.(js|css)$/.test(file)) return;
  const bytes = readFileSync(file);
  writeFileSync(`${file}.br`, brotliCompressSync(bytes));
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
}

function digestOfInputs() {
  const hash = createHash("sha256");
  const files = inputs.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, path, name }) => join(parentPath ?? path, name)),
  );
  for (const file of [...single, ...files.sort()]) hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

await main();
