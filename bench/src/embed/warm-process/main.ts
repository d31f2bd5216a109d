import { openPipeline } from "../../pipeline/open-pipeline.js";
import type { WarmSettings } from "./settings.js";

const settings: WarmSettings = JSON.parse(process.argv[2] ?? "");
await openPipeline(settings);
process.send?.(process.memoryUsage.rss());
