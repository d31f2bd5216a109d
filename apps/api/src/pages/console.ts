import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { ApiServices, Routes } from "../services.js";
import { consolePolicy } from "./page-headers.js";

const { resolve } = createRequire(import.meta.url);
/** Where the console is built: its page, and in `assets/` what that loads. */
const built = join(dirname(resolve("@facefleet/console/package.json")), "dist");

/** The page for people. Its parts are beside it, and so is the API that it asks, under whatever path it is reached. */
export const consoleRoutes: Routes = async (app, services) => {
  const { config } = services;
  app.addHook("onRoute", (route) => {
    route.config = { ...route.config, public: true };
    route.schema = { ...route.schema, hide: true };
  });
  if (!config.CONSOLE) {
    app.get("/", (_request, reply) => reply.redirect("docs/"));
    return;
  }
  const page = withGrafana(await readFile(join(built, "index.html"), "utf8"), config.GRAFANA_URL);
  const policy = consolePolicy(await storeOrigin(services));
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

/** Where uploads go, if a setting names the store as callers know it: as the store itself writes its addresses. */
async function storeOrigin({ config, store }: Pick<ApiServices, "config" | "store">): Promise<string | undefined> {
  if (config.S3_PUBLIC_ENDPOINT === undefined) return undefined;
  const upload = { contentType: "image/jpeg", size: 1, expiresInSeconds: 60 };
  // Where none can be signed, none is sent.
  const put = await store.presignPut({ ...store.ownPlace, key: "any" }, upload).catch(() => undefined);
  return put && new URL(put.url).origin;
}

/** The one thing that the page is told of the settings. */
function withGrafana(page: string, address: string | undefined): string {
  if (address === undefined) return page;
  const attribute = new URL(address).href.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return page.replace('name="grafana" content=""', () => `name="grafana" content="${attribute}"`);
}
