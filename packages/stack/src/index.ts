export type { Environment } from "./environment.js";
export { lockFile, openLock } from "./file-lock.mjs";
export { findOnPath } from "./find-on-path.js";
export { freePort, portFault } from "./free-port.js";
export { type FoundRedis, findRedis, type RedisSearch } from "./redis.js";
export { pingRedis } from "./redis-ping.js";
export { ServiceProcess } from "./service-process.js";
export { WorkerSupervisor } from "./worker-supervisor.js";
