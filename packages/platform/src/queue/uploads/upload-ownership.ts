import type { QueueKeys } from "../redis/queue-keys.js";
import { clock, part } from "../redis/script.js";

/** The three sets, as a script names them. */
export const uploadSets = { waiting: "key", held: "key", doomed: "key" } as const;
/** The same as they are sent. */
export type UploadSets = Readonly<Record<keyof typeof uploadSets, string>>;

/**
 * Whose an upload is, which Redis alone decides, by its own clock. An upload that is known is in one of three sets:
 *
 * - waiting: by when it is deleted unless a job or a batch has come for it;
 * - held: as `<upload>/<holder>`, once for each job or batch that names it and has not ended for good; nobody deletes it;
 * - doomed: by when its deletion is to be tried, or tried again; nobody gets it any more.
 *
 * Lua functions. `holdUpload` gives false for one that is doomed. `releaseUpload` dooms one that nobody else holds, and
 * gives whether it did.
 */
export const uploadOwnership = part(
  { keys: { uploads: uploadSets }, uses: [clock] },
  `
local function isUploadHeld(upload)
  -- "0" comes after "/".
  return redis.call("ZRANGEBYLEX", uploads.held, "[" .. upload .. "/", "(" .. upload .. "0", "LIMIT", 0, 1)[1] ~= nil
end

local function holdUpload(upload, holder)
  if redis.call("ZSCORE", uploads.doomed, upload) then return false end
  redis.call("ZREM", uploads.waiting, upload)
  redis.call("ZADD", uploads.held, 0, upload .. "/" .. holder)
  return true
end

local function doomUpload(upload)
  redis.call("ZREM", uploads.waiting, upload)
  redis.call("ZADD", uploads.doomed, "NX", whole(now()), upload)
end

local function releaseUpload(upload, holder)
  redis.call("ZREM", uploads.held, upload .. "/" .. holder)
  if isUploadHeld(upload) then return false end
  doomUpload(upload)
  return true
end`,
);

export function uploadKeys({ waitingUploads, heldUploads, doomedUploads }: QueueKeys): UploadSets {
  return { waiting: waitingUploads, held: heldUploads, doomed: doomedUploads };
}

/** Several uploads as one text. */
export function uploadList(uploads: Iterable<string>): string {
  return [...uploads].join(" ");
}

/** An upload among those that are held. */
export function heldUpload(upload: string, holder: string): string {
  return `${upload}/${holder}`;
}
