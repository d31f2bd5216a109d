/** The lines of a text in UTF-8, without their ends: never more than one and a chunk are held. */
export async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  // One decoder for all: a chunk may end within a character.
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of chunks) {
    const parts = decoder.decode(chunk, { stream: true }).split("\n");
    parts[0] = pending + parts[0];
    pending = parts.pop() ?? "";
    yield* parts;
  }
  const rest = pending + decoder.decode();
  if (rest !== "") yield rest;
}
