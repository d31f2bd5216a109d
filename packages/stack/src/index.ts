export type { Environment } from "./environment.js";
export { type GuardedProcess, startGuarded } from "./guarded-process.js";
export { apiDefaults, claimApiPort, localAddress } from "./machine/api-port.mjs";
export { lockFile, openLock } from "./machine/file-lock.mjs";
export { findOnPath } from "./machine/find-on-path.mjs";
export { freePort, portFault } from "./machine/free-port.mjs";
export { pingRedis } from "./machine/redis-ping.mjs";
export { provideRedisServer } from "./machine/redis-program.mjs";
export { type FoundRedis, findRedis, type RedisSearch } from "./redis.js";
export {
  freeSeaweedfsPorts,
  type SeaweedfsPorts,
  seaweedfsArguments,
  seaweedfsProgram,
} from "./seaweedfs.js";
export { ServiceProcess } from "./service-process.js";
export { WorkerSupervisor } from "./worker-supervisor.js";
