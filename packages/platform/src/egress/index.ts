export * from "./egress.js";
export { EgressGuard, type EgressGuardOptions } from "./egress-guard.js";
