import { stat } from "node:fs/promises";
import { type Logger, readApiKeysFile } from "@facefleet/platform";
import { KeyRing } from "./key-ring.js";
import type { TenantQuotas } from "./tenant.js";

/** How often the file is looked at. Asking for its state is all that works for links, mounts and renames alike. */
const lookEveryMs = 1000;

interface WatchOptions {
  readonly logger: Logger;
  /** Of tenants whose entry does not say. */
  readonly defaults?: TenantQuotas;
  /** Told the keys at each look: some may have expired. */
  readonly onLook?: (ring: KeyRing) => void;
}

/** The keys of a file, read again whenever it has changed. A file with faults leaves the keys as they were. */
export class WatchedKeys {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #defaults: TenantQuotas;
  readonly #onLook: (ring: KeyRing) => void;
  #ring: KeyRing;
  #seen: string;
  #timer: NodeJS.Timeout | undefined;

  private constructor(path: string, options: WatchOptions, { ring, seen }: { ring: KeyRing; seen: string }) {
    this.#path = path;
    this.#logger = options.logger;
    this.#defaults = options.defaults ?? {};
    this.#onLook = options.onLook ?? (() => undefined);
    this.#ring = ring;
    this.#seen = seen;
    this.#lookLater();
  }

  /** @throws ConfigError when the file cannot be read or has faults */
  static async open(path: string, options: WatchOptions): Promise<WatchedKeys> {
    // Looked at before it is read: a change in between is then seen at the next look.
    const seen = await stateOf(path);
    const ring = new KeyRing(await readApiKeysFile(path), options.defaults);
    return new WatchedKeys(path, options, { ring, seen });
  }

  /** As the file has them now, or had them when it was last without faults. */
  get ring(): KeyRing {
    return this.#ring;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => void this.#look(), lookEveryMs).unref();
  }

  async #look(): Promise<void> {
    const now = await stateOf(this.#path);
    if (now !== this.#seen) await this.#readAgain();
    this.#seen = now;
    this.#onLook(this.#ring);
    if (this.#timer) this.#lookLater();
  }

  async #readAgain(): Promise<void> {
    try {
      this.#ring = new KeyRing(await readApiKeysFile(this.#path), this.#defaults);
      this.#logger.info({ keys: this.#ring.size }, "API keys read again");
    } catch (error) {
      this.#logger.error({ err: error }, "the API keys have changed but cannot be used; those from before still count");
    }
  }
}

/** Differs when the file does, or another one is in its place, also behind a link; "none" when there is none. */
async function stateOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch {
    return "none";
  }
}
