export * from "./egress.js";
export { EgressGuard, type EgressGuardOptions } from "./egress-guard.js";
export { hostNameOf, isThisMachine } from "./host-name.js";
export type { Pass, PutAside } from "./origin-circuit.js";
export { OriginCircuits } from "./origin-circuits.js";
export { retryAfterMs } from "./retry-after.js";
