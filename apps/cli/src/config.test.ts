import { join } from "node:path";
import { expect, it } from "vitest";
import { rootDir } from "./checkout.js";
import { loadCliConfig } from "./config.js";

it("keeps data in the checkout and models in the user's cache", () => {
  const config = loadCliConfig({ XDG_CACHE_HOME: "/cache" });
  expect(config).toMatchObject({
    PORT: 3000,
    FACEFLEET_URL: "http://127.0.0.1:3000",
    DATA_DIR: join(rootDir, ".data"),
    MODELS_DIR: "/cache/facefleet/models",
  });
});

it("takes a mirror that is set, before the one beside the checkout", () => {
  expect(loadCliConfig({ FACEFLEET_MODEL_MIRROR: "https://mirror.example" }).FACEFLEET_MODEL_MIRROR).toBe(
    "https://mirror.example",
  );
});

it("lists every fault without showing a secret", () => {
  const load = () =>
    loadCliConfig({ PORT: "many", REDIS_URL: "http://user:hidden@host", FACEFLEET_API_KEY: "hidden key" });
  expect(load).toThrow(/PORT: .*"many"/);
  expect(load).toThrow(/REDIS_URL: /);
  expect(load).toThrow(/FACEFLEET_API_KEY: /);
  expect(load).not.toThrow(/hidden/);
});
