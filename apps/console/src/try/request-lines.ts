import type { JobOptions } from "@facefleet/client";

export interface ShownRequest {
  readonly url: string;
  readonly fileName: string;
  readonly task: "detect" | "embed";
  readonly options: Partial<JobOptions>;
  readonly hasKey: boolean;
}

/** The same request on the command line, in TypeScript and in Python. */
export const requestLines = {
  curl({ url, fileName, task, options, hasKey }: ShownRequest): string {
    const job = { ...(task === "embed" && { task }), options };
    return [
      `curl -F ${quoted(`image=@${plainFileName.test(fileName) ? fileName : `"${fileName.replace(/(["\\])/g, "\\$1")}"`}`)}`,
      `-F ${quoted(`job=${JSON.stringify(job)}`)}`,
      ...(hasKey ? ['-H "Authorization: Bearer $FACEFLEET_API_KEY"'] : []),
      `${url}/v1/analyse`,
    ].join(" \\\n     ");
  },

  typescript({ url, fileName, task, options, hasKey }: ShownRequest): string {
    const key = hasKey ? ", apiKey: process.env.FACEFLEET_API_KEY" : "";
    return `import { openAsBlob } from "node:fs";
import { FacefleetClient } from "@facefleet/client";

const client = new FacefleetClient({ url: ${JSON.stringify(url)}${key} });
const { faces, dropped } = await client.analyse(await openAsBlob(${JSON.stringify(fileName)}), {
  task: "${task}",
  options: ${asLiteral(options)},
});`;
  },

  python({ url, fileName, task, options, hasKey }: ShownRequest): string {
    const key = hasKey ? ', api_key=os.environ["FACEFLEET_API_KEY"]' : "";
    return `${hasKey ? "import os\n\n" : ""}from facefleet import FacefleetClient

with FacefleetClient(${JSON.stringify(url)}${key}) as client:
    result = client.${task}(
        ${JSON.stringify(fileName)},
        options=${JSON.stringify(options)},
    )`;
  },
} as const;

export type RequestLanguage = keyof typeof requestLines;

const plainFileName = /^[\w.-]+$/;

/** As one word of a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@=./:-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function asLiteral(options: object): string {
  const fields = Object.entries(options).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return fields.length > 0 ? `{ ${fields.join(", ")} }` : "{}";
}
