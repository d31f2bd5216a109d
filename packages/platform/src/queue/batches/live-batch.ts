import { part } from "../redis/script.js";

/** A Lua function: whether a batch is there and has not ended. What is written to others would stay for ever. */
export const isLive = part(
  {},
  `
local function isLive(batch)
  return redis.call("HEXISTS", batch, "state") == 1 and redis.call("HEXISTS", batch, "finishedAt") == 0
end`,
);
