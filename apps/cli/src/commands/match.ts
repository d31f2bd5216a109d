import { FacefleetClient } from "@facefleet/client";
import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { counted } from "../counted.js";
import { type FileMatches, matchFiles } from "../submit/match-files.js";
import { assertServiceAnswers } from "../submit/service-check.js";

interface MatchFlags {
  readonly url: string;
  readonly json?: boolean;
}

export function defineMatch(command: Command, { config, failed }: CommandContext): void {
  command
    .argument("<probe>", "the image whose most prominent face is looked for")
    .argument("<gallery...>", "up to 100 images in which it is looked for")
    .option("--url <url>", "where the service is (FACEFLEET_URL)", config.FACEFLEET_URL)
    .option("--json", "print the result as JSON")
    .action(async (probe: string, gallery: string[], { url, json }: MatchFlags) => {
      const service = { url, apiKey: config.FACEFLEET_API_KEY };
      await assertServiceAnswers(service);
      const found = await matchFiles(new FacefleetClient(service), probe, gallery);
      process.stdout.write(json ? `${JSON.stringify(found)}\n` : matchLines(found));
      const faults = found.failed.length;
      if (faults > 0) process.stderr.write(`error: ${faults} of ${counted(gallery.length, "image")} failed\n`);
      failed(faults);
    });
}

/** A line an image: the nearest first, then those that could not be compared. */
function matchLines({ matches, failed }: FileMatches): string {
  const compared = matches.map(
    ({ file, decision, euclideanDistance }) => `${euclideanDistance.toFixed(3)}  ${decision.padEnd(9)}  ${file}`,
  );
  const others = failed.map(({ file, error }) => `-      failed     ${file}: ${error.detail ?? error.title}`);
  return `${[...compared, ...others].join("\n")}\n`;
}
