import { FacefleetError } from "./facefleet-error.js";
import { textLines } from "./text-lines.js";

/**
 * The values of an NDJSON stream, one by one: never more than a line and a chunk are held. Whoever stops
 * early closes the connection.
 * @throws FacefleetError `unexpected_answer` for a line that is no JSON, such as the rest of one that was cut off
 */
export async function* ndjsonValues<T>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<T, void, undefined> {
  for await (const line of textLines(chunks)) {
    if (line.trim() !== "") yield parsedLine<T>(line);
  }
}

function parsedLine<T>(line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch (cause) {
    const message = `Expected a line of JSON but received ${JSON.stringify(line.slice(0, 60))}`;
    throw new FacefleetError("unexpected_answer", message, { cause });
  }
}
