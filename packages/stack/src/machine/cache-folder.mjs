import { isAbsolute, join } from "node:path";

/**
 * Where this user's programs keep what they can fetch again, or undefined where there is no such place.
 *
 * @param {import("../environment.js").Environment} env
 */
export function cacheFolder({ XDG_CACHE_HOME, HOME }) {
  // By the XDG Base Directory Specification, a relative one is ignored.
  if (XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "facefleet");
  return HOME ? join(HOME, ".cache", "facefleet") : undefined;
}
