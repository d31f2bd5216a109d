export { ConfigError } from "./config-error.js";
export { configTable } from "./config-table.js";
export { loadConfig } from "./load-config.js";
export { publicBase } from "./public-url.js";
export type { Config, Settings } from "./setting.js";
export * from "./settings.js";
