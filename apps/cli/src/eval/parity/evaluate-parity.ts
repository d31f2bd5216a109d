import { readFile } from "node:fs/promises";
import { type EngineName, engineNames } from "@facefleet/core";
import { compareFaces, type SeenFace } from "@facefleet/core/evaluation";
import { type EvalPipeline, type EvaluatedPipeline, openEvalPipeline } from "../eval-pipeline.js";
import type { StartProgress } from "../eval-progress.js";
import { type AgreementFigures, agreementFigures, engineFaults, referenceFaults } from "./agreement-figures.js";
import { parseReferenceFile, type ReferencePhoto } from "./reference-file.js";
import { seePhotos } from "./see-photos.js";

export interface Parity {
  /** The engine, or the two. */
  readonly of: string;
  readonly figures: AgreementFigures;
  /** Why it is outside the tolerances; nothing when it is within. */
  readonly faults: readonly string[];
}

export interface ParityReport {
  readonly evaluation: "parity";
  readonly photos: readonly string[];
  readonly engines: readonly EvaluatedPipeline[];
  /** Engines that do not start here, and why. */
  readonly absent: readonly { readonly engine: EngineName; readonly reason: string }[];
  readonly toReference: readonly Parity[];
  /** Each engine to the first. */
  readonly betweenEngines: readonly Parity[];
  readonly withinTolerances: boolean;
}

export interface ParityOptions {
  readonly pack: string;
  readonly modelsDir: string;
  readonly tfjsNodeDir: string;
  readonly referenceFile: string;
  readonly photosDir: string;
  /** Those that have to start; none: all that do. */
  readonly engines: readonly EngineName[];
  /** Photos left out. */
  readonly skip: readonly string[];
  /** How many photos, the smallest first. */
  readonly limit: number;
  readonly startProgress: StartProgress;
}

interface Sight {
  readonly about: EvaluatedPipeline;
  readonly faces: ReadonlyMap<string, SeenFace[]>;
}

/** Compares what each engine sees with the reference, and with the first engine. */
export async function evaluateParity(options: ParityOptions): Promise<ParityReport> {
  const photos = parseReferenceFile(await readFile(options.referenceFile, "utf8"))
    .filter(({ name }) => !options.skip.includes(name))
    .slice(0, options.limit);
  const { sights, absent } = await seeByEngines(options, photos);
  const toReference = sights.map((sight) => parityToReference(sight, photos));
  const [first, ...others] = sights;
  const betweenEngines = first ? others.map((sight) => parityOfEngines(first, sight, photos)) : [];
  return {
    evaluation: "parity",
    photos: photos.map(({ name }) => name),
    engines: sights.map(({ about }) => about),
    absent,
    toReference,
    betweenEngines,
    withinTolerances: first !== undefined && [...toReference, ...betweenEngines].every((p) => p.faults.length === 0),
  };
}

/** One engine after the other: TensorFlow.js has one current backend in a process. */
async function seeByEngines(options: ParityOptions, photos: readonly ReferencePhoto[]) {
  const named = options.engines.length > 0;
  const sights: Sight[] = [];
  const absent: ParityReport["absent"][number][] = [];
  for (const engine of named ? options.engines : engineNames) {
    const opened = await openEvalPipeline({ ...options, engine, embedding: "standard-raw" }).catch(
      (error: Error) => error,
    );
    if (opened instanceof Error && named) throw opened;
    if (opened instanceof Error) absent.push({ engine, reason: opened.message });
    else sights.push(await see(opened, options, photos));
  }
  return { sights, absent };
}

async function see(opened: EvalPipeline, options: ParityOptions, photos: readonly ReferencePhoto[]): Promise<Sight> {
  const { pipeline, about, embedding } = opened;
  const progress = options.startProgress(about.engine, photos.length);
  try {
    return { about, faces: await seePhotos({ pipeline, embedding }, options.photosDir, photos, progress) };
  } finally {
    progress.stop();
    await opened.close();
  }
}

function parityToReference({ about, faces }: Sight, photos: readonly ReferencePhoto[]): Parity {
  const figures = agreementFigures(photos.map((photo) => compareFaces(photo.faces, faces.get(photo.name) ?? [])));
  return { of: about.engine, figures, faults: referenceFaults(figures) };
}

function parityOfEngines(first: Sight, other: Sight, photos: readonly ReferencePhoto[]): Parity {
  const seen = (sight: Sight, { name }: ReferencePhoto) => sight.faces.get(name) ?? [];
  const figures = agreementFigures(photos.map((photo) => compareFaces(seen(first, photo), seen(other, photo))));
  return { of: `${other.about.engine} to ${first.about.engine}`, figures, faults: engineFaults(figures) };
}
