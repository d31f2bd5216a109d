import { readFile, rm, writeFile } from "node:fs/promises";
import { writeSafetensors } from "@facefleet/core/models";
import { convertYunet } from "@facefleet/core/yunet-weights";

export interface MakeYunetOptions {
  /** YuNet's ONNX file, as its authors published it. */
  readonly onnx: string;
  /** The weights to write, and the file that says their size and sha256. */
  readonly out: string;
  readonly pin: string;
}

/** Makes the built-in weights of YuNet, the same bytes each time, and pins them. @throws PackError for another ONNX file. */
export async function makeYunet({ onnx, out, pin }: MakeYunetOptions): Promise<void> {
  const tensors = convertYunet(await readFile(onnx));
  await rm(out, { force: true });
  await writeFile(pin, `${JSON.stringify(await writeSafetensors(out, tensors), undefined, 2)}\n`);
}
