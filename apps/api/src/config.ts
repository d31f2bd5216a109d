import { detectorNames, usualDetector } from "@facefleet/contracts";
import {
  type Config,
  ConfigError,
  egressSettings,
  isThisMachine,
  loadConfig,
  logSettings,
  publicSettings,
  redisSettings,
  type Settings,
  storeSettings,
  tracingSettings,
} from "@facefleet/platform";
import { proxiesFault } from "./addresses/trusted-proxies.js";
import { originsFault } from "./server/other-origins.js";

export const apiSettings = {
  HOST: { type: "string", default: "127.0.0.1", description: "The address that the API listens on." },
  PORT: {
    type: "integer",
    default: 3000,
    minimum: 0,
    maximum: 65_535,
    description: "The port that the API listens on; 0: a free one.",
  },
  API_KEYS_FILE: {
    type: "string",
    description:
      "A JSON file of tenants with their API keys, as hashes, and their limits; `facefleet keys` writes it, and a " +
      "change counts within seconds. Unset: no keys, and one tenant.",
  },
  AUTH: {
    enum: ["none"],
    description:
      "`none`: everyone who reaches the API may use it. Needed when there is no `API_KEYS_FILE` and `HOST` is not a " +
      "loopback address.",
  },
  ALLOWED_HOSTS: {
    type: "array",
    faultOf: hostsFault,
    description:
      "Host names, separated by commas, by which the API may be asked besides those of this machine. Unset: no others while it listens on loopback without keys, where every web page could make its name lead here; any others elsewhere.",
  },
  TRUST_PROXY: {
    type: "array",
    faultOf: proxiesFault,
    description:
      "Addresses and networks of proxies, separated by commas, whose `X-Forwarded-Proto`, `-Host`, `-Prefix` and `-For` are believed; `loopback`, `linklocal` and `uniquelocal` stand for theirs. URLs in answers then begin with what they say, unless `PUBLIC_URL` is set. Unset: nobody's.",
  },
  CORS_ORIGINS: {
    type: "array",
    faultOf: originsFault,
    description:
      "Origins, separated by commas, whose pages may use the API in browsers, as in `https://app.example.com`; `*`: all, which takes an `API_KEYS_FILE`. Unset: none but the API's own.",
  },
  CONSOLE: {
    type: "boolean",
    default: true,
    description: "Whether there is a page for people at `/`, the console. Without it `/` leads to `/docs`.",
  },
  GRAFANA_URL: {
    type: "string",
    faultOf: webAddressFault,
    description:
      "Where the console's page of the fleet leads for more, as in `https://grafana.example.com`. Whoever reaches the API can read it. Unset: nowhere.",
  },
  SYNC_TIMEOUT: {
    type: "number",
    default: 30,
    minimum: 0.1,
    maximum: 300,
    description:
      "Seconds that `/v1/analyse`, `/detect-face`, `/extract-embedding` and `/compare-faces` with two images wait for their job.",
  },
  MAX_IMAGE_BYTES: {
    type: "integer",
    default: 20_971_520,
    minimum: 1024,
    maximum: 1_073_741_824,
    description: "The largest image that is taken, in bytes.",
  },
  DETECTOR: {
    enum: detectorNames,
    default: usualDetector,
    description:
      "What finds faces when a job does not say: `yunet` takes less of a CPU than `mtcnn`. Embeddings of the two are not compared.",
  },
  RESULT_TTL_SECONDS: {
    type: "integer",
    default: 86_400,
    minimum: 60,
    maximum: 604_800,
    description: "How long a result is kept when its job does not say, in seconds.",
  },
  TENANT_STORED_BYTES: {
    type: "integer",
    default: 0,
    minimum: 0,
    description:
      "How many bytes of the object store the uploads and large results of a tenant may take whose entry in `API_KEYS_FILE` has no `maxStoredBytes`; 0: a quarter of the disk of `STORE_DIR`, or 200 GiB of S3.",
  },
  TENANT_UPLOADS: {
    type: "integer",
    default: 20_000,
    minimum: 1,
    description:
      "How many uploads that are not deleted a tenant may have whose entry in `API_KEYS_FILE` has no `maxUploads`.",
  },
  SHUTDOWN_DEADLINE: {
    type: "number",
    default: 25,
    minimum: 1,
    maximum: 600,
    description: "Seconds that requests have to finish when the process is stopped.",
  },
  SHUTDOWN_DELAY: {
    type: "number",
    default: 0,
    minimum: 0,
    maximum: 600,
    description:
      "Of these, the seconds at the beginning in which requests are still taken while `/readyz` says no: as long as a load balancer needs to see it.",
  },
  ...redisSettings,
  ...storeSettings,
  ...egressSettings,
  ...publicSettings,
  ...logSettings,
  ...tracingSettings,
} as const satisfies Settings;

function webAddressFault(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return "Expected an http or https URL but received another address";
  return url.username || url.password
    ? "Expected a URL without a name and password but received one with them"
    : undefined;
}

/** As the header Host has them, without a port. */
function hostsFault(hosts: readonly string[]): string | undefined {
  const bad = hosts.find(
    (host) => !URL.canParse(`http://${host}`) || new URL(`http://${host}`).hostname !== host.toLowerCase(),
  );
  return bad && `Expected host names such as faces.example.com, without a port, but received ${JSON.stringify(bad)}`;
}

export type ApiConfig = Config<typeof apiSettings>;

/** @throws ConfigError that lists every fault */
export function loadApiConfig(
  // biome-ignore lint/style/noProcessEnv: the one place where the API reads it
  env: Readonly<Record<string, string | undefined>> = process.env,
): ApiConfig {
  const config = loadConfig(apiSettings, env);
  const faults = [accessFault(config), originsOpen(config), delayFault(config)].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function delayFault({ SHUTDOWN_DELAY, SHUTDOWN_DEADLINE }: ApiConfig): string | undefined {
  if (SHUTDOWN_DELAY < SHUTDOWN_DEADLINE) return undefined;
  return `SHUTDOWN_DELAY: Expected less than SHUTDOWN_DEADLINE, which is ${SHUTDOWN_DEADLINE}, but received ${SHUTDOWN_DELAY}`;
}

function originsOpen({ CORS_ORIGINS, API_KEYS_FILE }: ApiConfig): string | undefined {
  if (!CORS_ORIGINS?.includes("*") || API_KEYS_FILE !== undefined) return undefined;
  return 'CORS_ORIGINS: Expected origins by name, because there is no API_KEYS_FILE, but received "*"';
}

function accessFault({ API_KEYS_FILE, AUTH, HOST }: ApiConfig): string | undefined {
  if (API_KEYS_FILE !== undefined && AUTH === "none") {
    return "AUTH: Expected it to be unset, because there is an API_KEYS_FILE, but received none";
  }
  if (API_KEYS_FILE !== undefined || AUTH === "none" || isThisMachine(HOST)) return undefined;
  return (
    `HOST: Expected a loopback address, because there is no API_KEYS_FILE, but received ${JSON.stringify(HOST)}; ` +
    "set AUTH=none to let everyone who reaches this address use the service"
  );
}
