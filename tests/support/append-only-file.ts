import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A command that changed something. Its bytes are read as Latin-1, in which each is one character. */
export interface RedisWrite {
  readonly command: string;
  readonly key: string;
  readonly text: string;
}

/** What Redis notes of every write below its folder, until it rewrites the file: scripts by what they changed. */
export async function readAppendOnlyFile(directory: string): Promise<RedisWrite[]> {
  const names = await readdir(directory, { recursive: true });
  const files = names.filter((name) => name.endsWith(".aof")).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), "latin1")));
  return texts.flatMap((text) => [...commandsOf(text)]).map(writeOf);
}

/** Commands in RESP: `*<arguments>`, then `$<length>` and the bytes of each. The last one may not be whole yet. */
function* commandsOf(text: string): Generator<string[]> {
  let at = 0;
  const readNumber = () => {
    const end = text.indexOf("\r\n", at);
    const number = Number(text.slice(at + 1, end));
    at = end + 2;
    return number;
  };
  const readArgument = () => {
    const length = readNumber();
    const argument = text.slice(at, at + length);
    at += length + 2;
    return argument;
  };
  while (text[at] === "*") yield Array.from({ length: readNumber() }, readArgument);
}

function writeOf([command = "", key = "", ...rest]: string[]): RedisWrite {
  return { command: command.toUpperCase(), key, text: [key, ...rest].join(" ") };
}
