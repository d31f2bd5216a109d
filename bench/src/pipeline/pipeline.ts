import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Row } from "../bench-report.js";
import { closedLoop } from "../load/closed-loop.js";
import { median } from "../load/percentile.js";
import { smallPhotos } from "../service/small-photos.js";
import { embedOptions, openPipeline } from "./open-pipeline.js";

const imagesAtOnce = [1, 2, 4, 8, 16, 32] as const;
const rounds = 3;
const turnMs = 2500;

/** Images a second of the pipeline alone, by how many it has at once: from their bytes to the embeddings of their faces. */
export async function run(context: BenchContext): Promise<BenchReport> {
  if (context.photosDir === undefined) throw new Error("Expected a folder of photos; name one with --photos");
  const sizes: number[] = [];
  const onBatch = ({ stage, size }: { stage: string; size: number }) => stage === "propose" && sizes.push(size);
  const { pipeline, close } = await openPipeline(context, onBatch);
  const photos = await smallPhotos(context.photosDir, pipeline);
  const turns = imagesAtOnce.map((clients) => ({ clients, rates: [] as number[], batches: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { clients, rates, batches } of turns) {
      let next = 0;
      const request = () => pipeline.analyse(photos[next++ % photos.length]!, embedOptions);
      sizes.length = 0;
      rates.push((await closedLoop({ clients, milliseconds: turnMs, request })).perSecond);
      batches.push(sizes.reduce((sum, size) => sum + size, 0) / sizes.length);
    }
  }
  await close();
  const figures = turns.map(
    ({ clients, rates, batches }): Row => ({
      "images at once": clients,
      "images/s": median(rates),
      "ms an image": 1000 / median(rates),
      "images a batch": median(batches),
    }),
  );
  const rate = (clients: number) => median(turns.find((turn) => turn.clients === clients)!.rates);
  return {
    name: `pipeline (${photos.length} photos of 640 x 480 with one face or two, in one process)`,
    figures,
    ratios: [{ name: "32 at once over one at a time", value: rate(32) / rate(1) }],
  };
}
