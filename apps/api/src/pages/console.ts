import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { ApiConfig } from "../config.js";
import type { Routes } from "../services.js";
import { consolePolicy } from "./page-headers.js";

const { resolve } = createRequire(import.meta.url);
/** Where the console is built: its page, and in `assets/` what that loads. */
const built = join(dirname(resolve("@facefleet/console/package.json")), "dist");

/** The page for people. Its parts are beside it, and so is the API that it asks, under whatever path it is reached. */
export const consoleRoutes: Routes = async (app, { config }) => {
  app.addHook("onRoute", (route) => {
    route.config = { ...route.config, public: true };
    route.schema = { ...route.schema, hide: true };
  });
  if (!config.CONSOLE) {
    app.get("/", (_request, reply) => reply.redirect("docs/"));
    return;
  }
  const page = withGrafana(await readFile(join(built, "index.html"), "utf8"), config.GRAFANA_URL);
  const policy = consolePolicy(storeOrigin(config));
  app.get("/", (_request, reply) =>
    reply.header("content-security-policy", policy).header("cache-control", "no-cache").type("text/html").send(page),
  );
  await app.register(fastifyStatic, {
    root: join(built, "assets"),
    prefix: "/console/",
    // A route for each file: what is not there is not public.
    wildcard: false,
    preCompressed: true,
    // Their names change with their content.
    immutable: true,
    maxAge: "365d",
  });
};

/** Where uploads go, if a setting names the store as callers know it. */
function storeOrigin({ S3_PUBLIC_ENDPOINT, S3_FORCE_PATH_STYLE, S3_OWN_BUCKET, S3_BUCKET }: ApiConfig) {
  const bucket = S3_OWN_BUCKET ?? S3_BUCKET;
  if (S3_PUBLIC_ENDPOINT === undefined || bucket === undefined) return undefined;
  const { protocol, host } = new URL(S3_PUBLIC_ENDPOINT);
  return `${protocol}//${S3_FORCE_PATH_STYLE ? "" : `${bucket}.`}${host}`;
}

/** The one thing that the page is told of the settings. */
function withGrafana(page: string, address: string | undefined): string {
  if (address === undefined) return page;
  const attribute = new URL(address).href.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return page.replace('name="grafana" content=""', () => `name="grafana" content="${attribute}"`);
}
