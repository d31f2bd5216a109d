/*
 * ONNX Runtime reports its use to its maker: a file in the user's cache folder, and requests to a collector. Nothing of
 * this service may leave it, so this is off in every process that loads the library, whoever starts it and however.
 */
// biome-ignore lint/style/noProcessEnv: the library can be told nowhere else
process.env.ORT_DISABLE_TELEMETRY = "1";
