export { floatTwin } from "./float-twin.js";
export { type QuantisationProgress, quantisedPack } from "./quantised-pack.js";
