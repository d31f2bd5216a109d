import { pingRedis, shownUrl } from "./redis-ping.mjs";

/**
 * Throws one sentence, without its password, unless a Redis answers there.
 *
 * @param {string} url
 */
export async function expectConfiguredRedis(url) {
  if (!/^rediss?:/.test(url) || !URL.canParse(url)) {
    throw new Error("Expected REDIS_URL to name one Redis, as redis://host:6379 does, but received another address");
  }
  try {
    await pingRedis(url);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Error(`Expected a Redis at ${shownUrl(url)} (REDIS_URL) but received: ${message}`, { cause: error });
  }
}
