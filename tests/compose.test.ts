import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadApiConfig } from "../apps/api/src/config.js";
import { loadWorkerConfig } from "../apps/worker/src/config.js";
import { repository } from "./support/test-data.js";

const text = await readFile(join(repository, "docker-compose.yml"), "utf8");
const { services } = parse(text, { merge: true });
const folder = await mkdtemp(join(tmpdir(), "facefleet-compose-"));

describe("docker-compose.yml", () => {
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ["api", loadApiConfig({}).SHUTDOWN_DEADLINE],
    ["worker", loadWorkerConfig({}).SHUTDOWN_DEADLINE],
  ])("gives %s longer than its own deadline to stop, %i s", (name, deadline) => {
    const grace = Number(/^(\d+)s$/.exec(services[name].stop_grace_period)?.[1]);
    expect(grace).toBeGreaterThan(deadline);
  });

  it("checks the health of all that goes on running, in its image or here", () => {
    const built = ["api", "worker"];
    const running = Object.keys(services).filter((name) => services[name].restart === "unless-stopped");
    expect(running.filter((name) => !built.includes(name) && !services[name].healthcheck)).toEqual([]);
  });

  it("names an exact version of every image", () => {
    const images = Object.values<{ image: string }>(services).map(({ image }) => image);
    expect(images.filter((image) => !/:v?\d+\.\d+/.test(image))).toEqual([]);
  });

  it("lets none of its programs report their use, or ask for what is new", () => {
    expect(services.s3.command).toContain("-master.telemetry=false");
    expect(services.grafana.environment).toMatchObject({
      GF_ANALYTICS_REPORTING_ENABLED: "false",
      GF_ANALYTICS_CHECK_FOR_UPDATES: "false",
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: "false",
      GF_NEWS_NEWS_FEED_ENABLED: "false",
      GF_PLUGINS_PLUGIN_ADMIN_ENABLED: "false",
      GF_PLUGINS_PREINSTALL_DISABLED: "true",
      GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: "true",
      GF_SECURITY_DISABLE_GRAVATAR: "true",
      GF_SNAPSHOTS_EXTERNAL_ENABLED: "false",
    });
  });

  it("is refused with a setting that Compose does not know", async () => {
    const file = join(folder, "docker-compose.yml");
    await writeFile(file, text.replace("stop_grace_period", "stop_grace_time"));
    const checked = promisify(execFile)(join(repository, "node_modules/.bin/dclint"), [file], { cwd: repository });
    await expect(checked).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining("invalid-schema") });
  });
});
