import { existsSync } from "node:fs";
import { join, relative } from "node:path";

export interface WelcomeFacts {
  readonly address: string;
  readonly rootDir: string;
  readonly cwd: string;
  readonly dataDir: string;
  readonly redisOrigin: string;
  readonly workers: number;
  /** Whether requests have to carry an API key. */
  readonly needsKey: boolean;
}

/** What a person sees when the fleet is up, with a first request that works by copy and paste. */
export function welcome(facts: WelcomeFacts): string {
  const { address, dataDir, redisOrigin, workers, needsKey } = facts;
  const key = needsKey ? '-H "Authorization: Bearer $FACEFLEET_API_KEY" ' : "";
  return [
    "",
    `Facefleet is up: ${address}   (${workers} worker${workers === 1 ? "" : "s"}; Ctrl-C stops it)`,
    "",
    `  documentation  ${address}/docs`,
    `  metrics        ${address}/metrics`,
    `  data           ${dataDir}`,
    `  Redis          ${redisOrigin}`,
    "",
    "  A first request:",
    "",
    `  curl ${key}-F image=@${firstImage(facts)} ${address}/extract-embedding`,
    "",
    "",
  ].join("\n");
}

function firstImage({ rootDir, cwd }: WelcomeFacts): string {
  const portrait = join(rootDir, "tests", "assets", "portrait.png");
  return existsSync(portrait) ? relative(cwd, portrait) : "photo.jpg";
}
