import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Box, Landmarks } from "@facefleet/contracts";
import { packManifest, weightsPath } from "@facefleet/core/models";

// biome-ignore lint/style/noProcessEnv: tests learn here where the weights, the photos and the engines are
const env = process.env;
const { FACEFLEET_TEST_DATA, FACEFLEET_TEST_ENGINES, FACEFLEET_MODEL_MIRROR } = env;
const { MODELS_DIR, TFJS_NODE_DIR, XDG_CACHE_HOME, EVERY_PHOTO } = env;

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Photos, reference results and strange files; beside the checkout unless told. */
const data = resolve(FACEFLEET_TEST_DATA ?? join(repository, "..", "shared"));

const cacheDir = join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "facefleet");
export const modelsDir = MODELS_DIR ?? join(cacheDir, "models");
export const tfjsNodeDir = TFJS_NODE_DIR ?? join(cacheDir, "tfjs-node");
export const modelMirror = FACEFLEET_MODEL_MIRROR ?? join(data, "models");

/** Why YuNet cannot be compared with its authors' file; undefined when it can. */
export const noYunetOnnx = existsSync(join(modelMirror, "yunet"))
  ? undefined
  : `no yunet in ${modelMirror} (set FACEFLEET_TEST_DATA)`;

/** The float32 pack, which is compared with the reference. */
export const floatPack = "facenet-20180402-114759";

/** Why tests that need the float32 pack cannot run; undefined when they can. */
export const noFloatPack = existsSync(weightsPath(modelsDir, packManifest(floatPack)))
  ? undefined
  : `no pack ${floatPack} in ${modelsDir} (run "npm run facefleet models pull ${floatPack}")`;

/** Why tests that need the reference photos cannot run; undefined when they can. */
export const noPhotos = existsSync(join(data, "photos")) ? undefined : `no photos in ${data} (set FACEFLEET_TEST_DATA)`;

/** Why tests of the engine tfjs-node cannot run; undefined when they can. */
export const noTfjsNode = existsSync(join(tfjsNodeDir, "node_modules", "@tensorflow", "tfjs-node", "built.json"))
  ? undefined
  : `no addon in ${tfjsNodeDir} (run "node infra/tfjs-node/build.mjs")`;

/** What renders and checks manifests: `kubectl`, and the folder `python` of schemas. */
export const kubernetesTools = join(cacheDir, "kubernetes");

/** Why the manifests cannot be checked; undefined when they can. */
export const noKubernetesTools = existsSync(join(kubernetesTools, "fetched"))
  ? undefined
  : `no tools in ${kubernetesTools} (run "infra/kubernetes/checks/fetch-tools.sh")`;

/** Engines that the tests must find here as well, by name, with commas between them: those of a GPU. */
export const demandedEngines = (FACEFLEET_TEST_ENGINES ?? "").split(",").filter((name) => name !== "");

/** Says on the terminal why tests are skipped, and whether to. */
export function skipped(what: string, ...reasons: (string | undefined)[]): boolean {
  const given = reasons.filter((reason) => reason !== undefined);
  if (given.length > 0) process.stderr.write(`SKIPPED: ${what}: ${given.join("; ")}\n`);
  return given.length > 0;
}

/** Pairs of Labeled Faces in the Wild, and their images. */
export const lfw = { imagesDir: join(data, "lfw", "images"), pairsFile: join(data, "lfw", "pairs.txt") };

/** Why tests on Labeled Faces in the Wild cannot run; undefined when they can. */
export const noLfw = existsSync(lfw.pairsFile) ? undefined : `no LFW in ${data} (set FACEFLEET_TEST_DATA)`;

export const photosDir = join(data, "photos");

/** Whether all engines see all photos of the reference and of LFW, which takes minutes. */
export const everyPhoto = EVERY_PHOTO === "1";

/** Some of the reference's photos: of nobody, turned by EXIF, small, transparent, of two, six and twenty people. */
export const chosenPhotos: readonly string[] = [
  "no-faces.jpg",
  "hopper_orientation_6.jpg",
  "same-240p.jpg",
  "single-small.jpg",
  "rgba-32bit.png",
  "two-people.jpg",
  "group-six.jpg",
  "crowd-b.jpg",
];
export const goldensFile = join(data, "goldens", "photos.json");

export const photo = (name: string): Promise<Buffer> => readFile(join(photosDir, name));
export const oddImage = (name: string): Promise<Buffer> => readFile(join(data, "odd", name));
export const alignedCrop = (name: string): Promise<Buffer> => readFile(join(data, "goldens", "aligned", name));

export const asset = (name: string): Promise<Buffer> => readFile(join(repository, "tests", "assets", name));

/** The image that the repository carries itself. */
export const portrait = (): Promise<Buffer> => asset("portrait.png");

interface GoldenFace {
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  readonly score: number;
  readonly landmarks: readonly (readonly [x: number, y: number])[];
  readonly embedding: readonly number[];
}

export interface GoldenPhoto {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly GoldenFace[];
}

/** Reference faces by photo (facenet-pytorch's MTCNN, float32 FaceNet). */
export async function goldenPhotos(): Promise<Record<string, GoldenPhoto>> {
  return JSON.parse(await readFile(goldensFile, "utf8")).images;
}

/** Reference embeddings by aligned 160 x 160 crop. */
export async function goldenCrops(): Promise<Record<string, readonly number[]>> {
  return JSON.parse(await readFile(join(data, "goldens", "aligned.json"), "utf8")).embeddings;
}

/** Two people, drawn as well. */
export const twoPortraits = (): Promise<Buffer> => asset("two-portraits.png");

/** Where the faces of the drawn images were drawn, in pixels. */
export async function drawnFaces(): Promise<{ readonly portrait: DrawnFace[]; readonly twoPortraits: DrawnFace[] }> {
  const drawn = JSON.parse(await readFile(join(repository, "tests", "assets", "portraits.json"), "utf8"));
  return { portrait: drawn["portrait.png"].faces, twoPortraits: drawn["two-portraits.png"].faces };
}

interface DrawnFace {
  readonly box: Box;
  readonly landmarks: Landmarks;
}
