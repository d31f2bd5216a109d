import { type FleetRedis, type Logger, RequestLimits } from "@facefleet/platform";
import type { ApiConfig } from "../config.js";
import { defaultQuotas } from "./default-quotas.js";
import type { KeyRing } from "./key-ring.js";
import { OpenAnswers } from "./open-answers.js";
import { WatchedKeys } from "./watched-keys.js";

/** Who may use the API, and how often. */
export interface Access {
  readonly keys: Pick<WatchedKeys, "ring">;
  readonly limits: RequestLimits;
  readonly openAnswers: OpenAnswers;
  close(): void;
}

/**
 * Undefined when no keys are configured: then whoever reaches the API may use it.
 * @throws ConfigError when the file of keys cannot be read or has faults
 */
export async function openAccess(
  config: ApiConfig,
  { redis, logger }: { readonly redis: FleetRedis; readonly logger: Logger },
): Promise<Access | undefined> {
  if (config.API_KEYS_FILE === undefined) return undefined;
  const openAnswers = new OpenAnswers();
  const onLook = (ring: KeyRing) => openAnswers.endRevoked(ring);
  const defaults = await defaultQuotas(config);
  const keys = await WatchedKeys.open(config.API_KEYS_FILE, { logger, defaults, onLook });
  const limits = await RequestLimits.open(redis);
  return {
    keys,
    limits,
    openAnswers,
    close: () => keys.close(),
  };
}
