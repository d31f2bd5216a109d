import { problemTable } from "@facefleet/contracts";
import type { Routes } from "../services.js";
import { pagePolicy } from "./page-headers.js";

const style = "body{font:16px/1.5 sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}:target{background:#ff9}";
const policy = pagePolicy(style);

const page = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Facefleet: problems</title>
<style>${style}</style>
<h1>Problems</h1>
${Object.entries(problemTable)
  .map(
    ([code, { status, title, retryable, advice }]) =>
      `<h2 id="${code}"><code>${code}</code> (${status})</h2>
<p>${title}. ${asHtml(advice)} ${retryable ? "The same request may succeed later." : ""}</p>`,
  )
  .join("\n")}
</html>`;

/** Where the `type` of every problem points to. */
export const errorPageRoutes: Routes = async (app) => {
  app.get("/docs/errors", { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.header("content-security-policy", policy).type("text/html").send(page),
  );
};

function asHtml(text: string): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return escaped.replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
