export * from "./api-keys/index.js";
export * from "./config/index.js";
export * from "./egress/index.js";
export * from "./lifecycle/index.js";
export * from "./logging/index.js";
export * from "./metrics/index.js";
export * from "./object-store/index.js";
export * from "./queue/index.js";
