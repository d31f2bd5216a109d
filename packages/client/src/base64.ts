import { asBlob, type ImageBytes } from "./image-bytes.js";

/** More arguments than these do not fit into every engine's stack. */
const bytesAtOnce = 32_768;

/** The bytes of an image as base64, by what every runtime has. */
export async function base64Of(image: ImageBytes): Promise<string> {
  const bytes = new Uint8Array(await asBlob(image).arrayBuffer());
  let characters = "";
  for (let at = 0; at < bytes.length; at += bytesAtOnce)
    characters += String.fromCharCode(...bytes.subarray(at, at + bytesAtOnce));
  return btoa(characters);
}

/** The bytes that a text in base64 stands for; undefined for a text that is none. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
