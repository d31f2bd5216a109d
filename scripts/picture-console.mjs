// Takes the pictures of the console that the README shows, docs/images/*.webp: of a fleet that it starts, with the faces
// that the repository draws itself. Wants Chromium.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import sharp from "sharp";

const root = fileURLToPath(new URL("..", import.meta.url));
const pictures = join(root, "docs", "images");
const asset = (name) => join(root, "tests", "assets", name);
const port = 3399;
const url = `http://127.0.0.1:${port}`;

async function main() {
  const data = mkdtempSync(join(tmpdir(), "facefleet-pictures-"));
  // biome-ignore lint/style/noProcessEnv: passed on
  const env = { ...process.env, PORT: String(port), DATA_DIR: data, STORE_DIR: join(data, "objects") };
  const args = [join(root, "scripts", "facefleet.mjs"), "up"];
  const fleet = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => fleet.once("exit", resolve));
  try {
    await untilHealthy();
    mkdirSync(pictures, { recursive: true });
    await takeAll();
  } finally {
    fleet.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  }
}

async function untilHealthy() {
  for (let second = 0; second < 240; second++) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(1000);
  }
  throw new Error(`Expected a fleet at ${url} within four minutes but it is not there`);
}

async function takeAll() {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    for (const [name, colorScheme, show] of rooms) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme });
      await page.goto(`${url}/#/${name}`);
      await show(page);
      await page.waitForLoadState("networkidle");
      await save(await page.screenshot(), `console-${name}.webp`);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

const save = (png, name) => sharp(png).webp({ quality: 88 }).toFile(join(pictures, name));

const rooms = [
  [
    "try",
    "light",
    async (page) => {
      await page.getByLabel("Choose pictures").setInputFiles(asset("two-portraits.png"));
      await page.getByRole("radio", { name: "Standard" }).check();
      await page.getByRole("button", { name: /^Face 1/ }).click();
      await page.locator(".embedding").waitFor();
    },
  ],
  [
    "compare",
    "dark",
    async (page) => {
      // The same drawn person a little turned, nearer and in less light.
      const other = sharp(asset("portrait.png")).rotate(6, { background: "#c9d6d3" }).modulate({ brightness: 0.8 });
      const buffer = await other.resize(420).extract({ left: 40, top: 60, width: 340, height: 400 }).png().toBuffer();
      await page.getByLabel("First picture").setInputFiles(asset("portrait.png"));
      await page.getByLabel("Second picture").setInputFiles({ name: "later.png", mimeType: "image/png", buffer });
      await page.locator(".pair").waitFor();
    },
  ],
  [
    "batches",
    "light",
    async (page) => {
      await page.getByRole("button", { name: "New batch" }).click();
      const files = Array.from({ length: 24 }, (_, index) => asset(index % 3 ? "two-portraits.png" : "portrait.png"));
      await page.getByLabel("Choose the pictures of the batch").setInputFiles(files);
      await page.getByRole("button", { name: "Start the batch" }).click();
      await page.locator(".heading .tag.good").waitFor({ timeout: 120_000 });
      await page.locator(".sheet li").nth(39).waitFor();
    },
  ],
];

await main();
