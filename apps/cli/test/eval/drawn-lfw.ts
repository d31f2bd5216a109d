import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { portrait } from "../../../../tests/support/test-data.js";

/** A data set of four images in LFW's form: two of a drawn face, and two that show none. */
export async function drawnLfw() {
  const imagesDir = await mkdtemp(join(tmpdir(), "facefleet-lfw-"));
  const face = await portrait();
  const plain = (background: string) => sharp({ create: { width: 250, height: 250, channels: 3, background } });
  const people = {
    Drawn: [sharp(face), sharp(face).modulate({ brightness: 1.1 })],
    Nobody: [plain("#888888"), plain("#446688")],
  };
  for (const [name, images] of Object.entries(people)) {
    await mkdir(join(imagesDir, name));
    for (const [i, image] of images.entries()) {
      const file = join(imagesDir, name, `${name}_000${i + 1}.jpg`);
      await writeFile(file, await image.flatten().jpeg().toBuffer());
    }
  }
  const pairsFile = join(imagesDir, "pairs.txt");
  await writeFile(pairsFile, "1 2\nDrawn 1 2\nNobody 1 2\nDrawn 1 Nobody 1\nDrawn 2 Nobody 2\n");
  return { imagesDir, pairsFile };
}
