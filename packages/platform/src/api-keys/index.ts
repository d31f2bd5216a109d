export { hashApiKey, newApiKey } from "./api-key.js";
export { parseApiKeysFile, readApiKeysFile } from "./api-keys-file.js";
