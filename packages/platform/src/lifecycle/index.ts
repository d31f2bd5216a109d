export { Backoff, type BackoffOptions } from "./backoff.js";
export { Lifecycle } from "./lifecycle.js";
export { Periodic } from "./periodic.js";
export { settlesWithin } from "./settles-within.js";
