export { Lifecycle } from "./lifecycle.js";
