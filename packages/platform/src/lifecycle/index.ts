export { Lifecycle } from "./lifecycle.js";
export { Periodic } from "./periodic.js";
