export * from "./egress.js";
