import { FacefleetClient, resultOf, type VerifyResult } from "@facefleet/client";
import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { openImage } from "../submit/open-image.js";
import { assertServiceAnswers } from "../submit/service-check.js";

interface CompareFlags {
  readonly url: string;
  readonly json?: boolean;
}

export function defineCompare(command: Command, { config }: CommandContext): void {
  command
    .argument("<first>", "the image whose most prominent face is looked for")
    .argument("<second>", "the image in which it is looked for")
    .option("--url <url>", "where the service is (FACEFLEET_URL)", config.FACEFLEET_URL)
    .option("--json", "print the result as JSON")
    .action(async (first: string, second: string, { url, json }: CompareFlags) => {
      const service = { url, apiKey: config.FACEFLEET_API_KEY };
      await assertServiceAnswers(service);
      const client = new FacefleetClient(service);
      const images = await Promise.all([first, second].map(openImage));
      const result = resultOf(await client.wait(await client.submit({ task: "verify", images })));
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${comparisonText(result)}\n`);
    });
}

/** In one line: the decision, what it is made by, and among how many faces. */
function comparisonText({ decision, euclideanDistance, uncertainBand, faceCounts }: VerifyResult): string {
  const { from, to } = uncertainBand;
  const among = faceCounts ? `; faces: ${faceCounts.join(" and ")}` : "";
  const band = `match below ${from.toFixed(3)}, no match from ${to.toFixed(3)}`;
  return `${decision}: distance ${euclideanDistance.toFixed(3)} (${band})${among}`;
}
