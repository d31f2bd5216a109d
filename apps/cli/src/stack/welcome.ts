import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import { counted } from "../counted.js";

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
    `Facefleet is up: ${address}   (${counted(workers, "worker")}; Ctrl-C stops it)`,
    "",
    `  console        ${address}/`,
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

/** The one that comes along with a checkout, or with the package that this is in. */
function firstImage({ rootDir, cwd }: WelcomeFacts): string {
  const places = [join(rootDir, "tests", "assets", "portrait.png"), join(rootDir, "..", "portrait.png")];
  const portrait = places.find(existsSync);
  return portrait === undefined ? "photo.jpg" : relative(cwd, portrait);
}
