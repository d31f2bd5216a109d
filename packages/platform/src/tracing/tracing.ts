import type { TracingSettings } from "../config/index.js";
import { settlesWithin } from "../lifecycle/index.js";
import type { Logger } from "../logging/index.js";

export interface Tracing {
  /** Sends what spans there still are. A collector that does not answer holds nobody up: within a second it is left. */
  stop(): Promise<void>;
}

const stopWithinMs = 1000;

export function isTracing({ OTEL_EXPORTER_OTLP_ENDPOINT }: Partial<TracingSettings>): boolean {
  return OTEL_EXPORTER_OTLP_ENDPOINT !== undefined;
}

/** Begins to trace what this process does, if it is to; to be called before anything else. */
export async function startTracing(
  settings: TracingSettings,
  options: { readonly service: string; readonly logger: Logger },
): Promise<Tracing | undefined> {
  if (!isTracing(settings)) return undefined;
  // Loaded by those who trace only.
  const { registerSdk } = await import("./sdk.js");
  const sdk = registerSdk(options);
  return {
    stop: async () => {
      await settlesWithin(sdk.shutdown(), stopWithinMs);
    },
  };
}
