import { FacefleetClient, type MatchResult, resultOf } from "@facefleet/client";
import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { openImage } from "../submit/open-image.js";
import { assertServiceAnswers } from "../submit/service-check.js";

interface MatchFlags {
  readonly url: string;
  readonly json?: boolean;
}

export function defineMatch(command: Command, { config }: CommandContext): void {
  command
    .argument("<probe>", "the image whose most prominent face is looked for")
    .argument("<gallery...>", "up to 100 images in which it is looked for")
    .option("--url <url>", "where the service is (FACEFLEET_URL)", config.FACEFLEET_URL)
    .option("--json", "print the result as JSON")
    .action(async (probe: string, gallery: string[], { url, json }: MatchFlags) => {
      const service = { url, apiKey: config.FACEFLEET_API_KEY };
      await assertServiceAnswers(service);
      const client = new FacefleetClient(service);
      const [first, ...others] = await Promise.all([probe, ...gallery].map(openImage));
      const job = await client.submit({ task: "match", probe: first!, gallery: others });
      const result = resultOf(await client.wait(job));
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : matchLines(result, gallery));
    });
}

/** A line an image: the nearest first, then those that could not be compared. */
function matchLines({ matches, failed }: MatchResult, names: readonly string[]): string {
  const compared = matches.map(
    ({ index, decision, euclideanDistance }) =>
      `${euclideanDistance.toFixed(3)}  ${decision.padEnd(9)}  ${names[index]}`,
  );
  const others = failed.map(({ index, error }) => `-      failed     ${names[index]}: ${error.detail ?? error.title}`);
  return `${[...compared, ...others].join("\n")}\n`;
}
