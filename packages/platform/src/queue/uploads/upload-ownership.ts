import type { QueueKeys } from "../queue-keys.js";

/**
 * Whose an upload is, which Redis alone decides, by its own clock. An upload that is known is in one of three sets:
 *
 * - waiting: by when it is deleted unless a job or a batch has come for it;
 * - held: as `<upload>/<holder>`, once for each job or batch that names it and has not ended for good; nobody deletes it;
 * - doomed: by when its deletion is to be tried, or tried again; nobody gets it any more.
 *
 * Lua functions for scripts, which take the three keys of `uploadKeys` as a table. `holdUpload` gives false for one that
 * is doomed. `releaseUpload` dooms one that nobody else holds, and gives whether it did.
 */
export const uploadOwnership = `
local function isUploadHeld(uploads, upload)
  -- "0" comes after "/".
  return redis.call("ZRANGEBYLEX", uploads[2], "[" .. upload .. "/", "(" .. upload .. "0", "LIMIT", 0, 1)[1] ~= nil
end

local function holdUpload(uploads, upload, holder)
  if redis.call("ZSCORE", uploads[3], upload) then return false end
  redis.call("ZREM", uploads[1], upload)
  redis.call("ZADD", uploads[2], 0, upload .. "/" .. holder)
  return true
end

local function doomUpload(uploads, upload)
  local time = redis.call("TIME")
  redis.call("ZREM", uploads[1], upload)
  redis.call("ZADD", uploads[3], "NX", string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000)), upload)
end

local function releaseUpload(uploads, upload, holder)
  redis.call("ZREM", uploads[2], upload .. "/" .. holder)
  if isUploadHeld(uploads, upload) then return false end
  doomUpload(uploads, upload)
  return true
end
`;

export function uploadKeys({ waitingUploads, heldUploads, doomedUploads }: QueueKeys): string[] {
  return [waitingUploads, heldUploads, doomedUploads];
}

/** Several uploads as one argument of a script. */
export function uploadList(uploads: Iterable<string>): string {
  return [...uploads].join(" ");
}

/** An upload among those that are held. */
export function heldUpload(upload: string, holder: string): string {
  return `${upload}/${holder}`;
}
