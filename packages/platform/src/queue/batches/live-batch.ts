import { part } from "../redis/script.js";

/** A Lua function: whether a batch is there and has not ended. What is written to others would stay for ever. */
export const isLive = part(
  {},
  `
local function isLive(batch)
  return redis.call("HEXISTS", batch, "state") == 1 and redis.call("HEXISTS", batch, "finishedAt") == 0
end`,
);

/** A Lua function: whether a batch may hold uploads: it lives, or its failed items can be tried again with them. */
export const holdsUploads = part(
  { uses: [isLive] },
  `
local function holdsUploads(batch)
  return isLive(batch) or redis.call("EXISTS", batch .. ":uploads") == 1
end`,
);
