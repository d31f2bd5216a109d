import { type FacefleetClient, FacefleetError, type ImageRef, type MatchResult, resultOf } from "@facefleet/client";
import { mapConcurrently } from "../map-concurrently.js";
import { openImage } from "./open-image.js";
import { contentTypeOf } from "./submit-input.js";

/** The result of a match, whose images are files: `index` counts all that were given, also those that nobody was sent. */
export interface FileMatches extends Partial<Omit<MatchResult, "matches" | "failed">> {
  readonly matches: readonly ({ readonly file: string } & MatchResult["matches"][number])[];
  readonly failed: readonly FailedFile[];
}

interface FailedFile {
  readonly index: number;
  readonly file: string;
  readonly error: { readonly code?: string; readonly title?: string; readonly detail?: string };
}

interface HandedFile {
  readonly index: number;
  readonly file: string;
  readonly image: ImageRef;
}

/** The statuses of problems that are an image's own. */
const ofImages = new Set<number | undefined>([400, 413, 415, 422]);

/** How many files are handed over at once. */
const concurrency = 4;

/**
 * Holds the face of one file against those of others. Of these, one that cannot be read or is no image fails alone.
 * @throws Error that names the probe, when it is that which fails
 */
export async function matchFiles(
  client: FacefleetClient,
  probe: string,
  gallery: readonly string[],
): Promise<FileMatches> {
  const looksFor = await handOver(client, probe);
  const handed = await mapConcurrently([...gallery.entries()], concurrency, async ([index, file]) => {
    try {
      return { index, file, image: await handOver(client, file) } satisfies HandedFile;
    } catch (error) {
      if (error instanceof FacefleetError) throw error;
      return { index, file, error: described(error as Error) } satisfies FailedFile;
    }
  });
  const sent = handed.filter((file): file is HandedFile => "image" in file);
  const unsent = handed.filter((file): file is FailedFile => "error" in file);
  if (sent.length === 0) return { matches: [], failed: unsent };
  const job = await client.submit({ task: "match", probe: looksFor, gallery: sent.map(({ image }) => image) });
  const { matches, failed, ...result } = await client.wait(job).then(resultOf).catch(namedAfter(probe));
  const nameOf = (index: number) => ({ index: sent[index]!.index, file: sent[index]!.file });
  return {
    matches: matches.map((match) => ({ ...match, ...nameOf(match.index) })),
    failed: [...unsent, ...failed.map(({ index, error }) => ({ ...nameOf(index), error }))].sort(
      (a, b) => a.index - b.index,
    ),
    ...result,
  };
}

/** One after the other, so that what is wrong with a file is said of that file, and large ones need not fit into one request. */
async function handOver(client: FacefleetClient, file: string): Promise<ImageRef> {
  const image = await openImage(file);
  return client.upload(image, contentTypeOf(file)).catch(namedAfter(file));
}

/** What a problem of an image is said of: the service knows no files. Others are of no file. */
function namedAfter(file: string): (error: Error) => never {
  return (error) => {
    if (!(error instanceof FacefleetError && ofImages.has(error.status))) throw error;
    throw new Error(`Expected an image with a face but received ${file}: ${error.message}`, { cause: error });
  };
}

function described(error: Error): FailedFile["error"] {
  const { cause } = error;
  if (cause instanceof FacefleetError) return cause.problem ?? { code: cause.code, detail: cause.message };
  return { detail: error.message };
}
