import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { FacefleetClient } from "@facefleet/client";
import { detectorCatalogue, JobOptions } from "@facefleet/contracts";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { KeyHolder, KeysFile, keysOf } from "../apps/api/test/keys-file.js";
import {
  askedOptions,
  type Limits,
  requestOptions,
  usualConfidence,
  usualLimits,
  usualLook,
} from "../apps/console/src/try/options.js";
import { selectFaces } from "../apps/console/src/try/select-faces.js";
import { crowd, drawnImages } from "./support/drawn-images.js";
import { Fleet } from "./support/fleet.js";
import { noNginx, ProxyProcess } from "./support/proxy-process.js";
import { repository, skipped } from "./support/test-data.js";
import { answering, inTurn, WebhookReceiver } from "./support/webhook-receiver.js";

const executablePath = "/usr/bin/chromium";
const noBrowser = existsSync(executablePath) ? undefined : `no ${executablePath}`;

const run = promisify(execFile);

const asset = (name: string) => join(repository, "tests", "assets", name);
const portrait = asset("portrait.png");
const twoPortraits = asset("two-portraits.png");

const file = (name: string, buffer: Buffer, mimeType = "image/jpeg") => ({ name, mimeType, buffer });

describe.skipIf(skipped("the console in a browser", noBrowser))("the console", () => {
  let fleet: Fleet;
  let browser: Browser;

  beforeAll(async () => {
    fleet = await Fleet.start({ EGRESS_ALLOW: "127.0.0.0/8", GRAFANA_URL: "https://grafana.example/d/fleet?a=1&b=2" });
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  /** A page of a browser of its own, that must neither throw nor break its policy. */
  const visit = async (address: string, options: Parameters<Browser["newPage"]>[0] = {}): Promise<Page> => {
    const page = await browser.newPage(options);
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (line) => /Content.Security.Policy/i.test(line.text()) && faults.push(line.text()));
    onTestFinished(async () => {
      await page.close();
      expect(faults).toEqual([]);
    });
    await page.goto(address);
    await page.locator("main").waitFor();
    return page;
  };
  const open = (room = "", options?: Parameters<Browser["newPage"]>[0]) => visit(`${fleet.url}/#/${room}`, options);

  const choose = (page: Page, label: string, files: Parameters<ReturnType<Page["locator"]>["setInputFiles"]>[0]) =>
    page.getByLabel(label, { exact: true }).setInputFiles(files);
  const setSlider = (page: Page, label: string, value: number) =>
    page.getByRole("slider", { name: label }).fill(String(value));
  const text = (page: Page, selector: string) => page.locator(selector).first().textContent();

  describe("at Try", () => {
    it("draws what was found, and tells all of a face", async () => {
      const page = await open("try");
      await choose(page, "Choose pictures", twoPortraits);
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(2);
      expect(await page.locator(".mark .points").count()).toBe(2);
      expect(await page.locator(".stages li").allTextContents()).toEqual(
        expect.arrayContaining([expect.stringMatching(/^queued/), expect.stringMatching(/^detected [\d.]+ m?s$/)]),
      );
      await page.getByRole("button", { name: /^Face 1/ }).click();
      const card = page.getByRole("region", { name: "Face 1" });
      expect(await card.getByText("Sharpness").count()).toBe(1);
      await expect.poll(() => page.evaluate("document.querySelector('.face-card .crop').naturalWidth")).toBe(160);
      // The face stays chosen while the picture is looked at again.
      await page.getByRole("radio", { name: "Standard" }).check();
      await card.getByRole("img", { name: "The embedding's 512 numbers" }).waitFor();
    });

    it("redraws at once as a slider moves, and shows the request that answers so", async () => {
      const page = await open("try");
      await choose(page, "Choose pictures", twoPortraits);
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(2);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(request.url()));
      await setSlider(page, "Box from", 400);
      await expect.poll(() => text(page, ".summary")).toBe("No face, 2 left out by the limits");
      expect(await page.locator(".mark.dropped text").allTextContents()).toEqual(["too small", "too small"]);
      expect(asked.filter((url) => url.includes("/v1/analyse"))).toEqual([]);
      expect(await text(page, ".code")).toContain(`-F 'job={"options":{"detector":"mtcnn","minBoxSize":400}}'`);
      await page.getByRole("radio", { name: "TypeScript" }).check();
      await expect.poll(() => text(page, ".code")).toContain('options: { detector: "mtcnn", minBoxSize: 400 }');
      await page.getByRole("radio", { name: "Python" }).check();
      await expect.poll(() => text(page, ".code")).toContain('options={"detector":"mtcnn","minBoxSize":400}');
      await page.getByRole("radio", { name: "Answer" }).check();
      await expect.poll(() => text(page, ".code")).toContain('"reason": "too_small"');
      expect(JSON.parse((await text(page, ".code"))!)).toMatchObject({ faces: [], dropped: [{}, {}] });
    });

    it("copies the request, and the answer to what is shown, also where browsers give no clipboard", async () => {
      const page = await open("try");
      // As on plain HTTP of another machine.
      await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
      await page.evaluate(
        "document.addEventListener('copy', () => (globalThis.copied = document.activeElement.value))",
      );
      await choose(page, "Choose pictures", twoPortraits);
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(2);
      await page.getByRole("button", { name: "Copy the request" }).click();
      await page.getByText("Copied").waitFor();
      expect(await page.evaluate("copied")).toBe(await text(page, ".code"));
      await page.getByRole("radio", { name: "Answer" }).check();
      await page.getByRole("button", { name: "Copy the answer" }).waitFor();
      let ask = () => {};
      const asked = new Promise<void>((resolve) => {
        ask = resolve;
      });
      await page.route("**/v1/analyse", (route) => asked.then(() => route.continue()));
      await setSlider(page, "Box from", 400);
      // The answer of before is none to this.
      await expect.poll(() => text(page, ".code")).toBe("Asking…");
      ask();
      await expect.poll(() => text(page, ".code")).toContain('"reason": "too_small"');
    });

    it("begins with what the service does unless told", () => {
      const { detection, detector, minFaceSize, embedding } = usualLook;
      const { minConfidence, maxFaces, order } = usualLimits;
      const ours = { detection, detector, minFaceSize, embedding, minConfidence, maxFaces, order };
      const { properties } = JobOptions;
      const told = Object.keys(ours).map((name) => [name, properties[name as keyof typeof ours]]);
      expect(Object.fromEntries(told)).toMatchObject(
        Object.fromEntries(Object.entries(ours).map(([name, value]) => [name, { default: value }])),
      );
      const confidences = Object.entries(detectorCatalogue).map(([name, detector]) => [name, detector.minConfidence]);
      expect(usualConfidence).toEqual(Object.fromEntries(confidences));
    });

    it("decides of each face as the service does", async () => {
      const client = new FacefleetClient({ url: fleet.url });
      const image = new Blob([Uint8Array.from(await crowd(5, 4))]);
      const known = await client.analyse(image, { options: askedOptions(usualLook, usualLimits) });
      const changes: Partial<Limits>[] = [
        {},
        { minConfidence: 0.9995 },
        { order: "confidence", maxFaces: 7 },
        { order: "left-to-right", minConfidence: 0.999, maxFaces: 3 },
        { minBoxSize: 60, maxYaw: 2, maxPitch: 6 },
        { maxRoll: 1, minSharpness: 0.3, minBrightness: 0.5, maxBrightness: 0.6 },
      ];
      for (const change of changes) {
        const limits = { ...usualLimits, ...change };
        const told = await client.analyse(image, { options: requestOptions(usualLook, limits) });
        const judged = selectFaces(known, limits);
        const boxes = judged.filter(({ reason }) => !reason).map(({ face }) => face.box);
        const dropped = judged.flatMap(({ face, reason }) => (reason ? [{ box: face.box, reason }] : []));
        expect(boxes, JSON.stringify(change)).toEqual(told.faces.map(({ box }) => box));
        expect(dropped, JSON.stringify(change)).toEqual(told.dropped.map(({ box, reason }) => ({ box, reason })));
      }
    });

    it("shows a line for the shell that answers what is shown", async () => {
      const page = await open("try");
      await choose(page, "Choose pictures", twoPortraits);
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(2);
      await setSlider(page, "Faces at most", 1);
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(1);
      const { stdout } = await run("sh", ["-c", (await text(page, ".code"))!], {
        cwd: join(repository, "tests/assets"),
      });
      expect(JSON.parse(stdout)).toMatchObject({ faces: [{}], dropped: [{ reason: "over_limit" }] });
    });

    it("takes two hundred dropped pictures, four at a time", async () => {
      const page = await open("try");
      const picture = (await crowd(1, 1, 160)).toString("base64");
      await page.evaluate(`{
        const ask = globalThis.fetch;
        globalThis.asked = { now: 0, most: 0 };
        globalThis.fetch = async (address, init) => {
          const isAnalysis = String(address).endsWith("/v1/analyse");
          if (isAnalysis) asked.most = Math.max(asked.most, ++asked.now);
          return ask(address, init).finally(() => isAnalysis && asked.now--);
        };
      }`);
      await page.evaluate(`{
        const bytes = Uint8Array.from(atob(${JSON.stringify(picture)}), (character) => character.charCodeAt(0));
        const dataTransfer = new DataTransfer();
        for (let index = 0; index < 200; index++) {
          dataTransfer.items.add(new File([bytes], index + ".jpg", { type: "image/jpeg" }));
        }
        document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
      }`);
      await expect.poll(() => text(page, ".film [role=status]")).toBe("200 pictures");
      expect(await page.locator(".shot.seen").count()).toBe(200);
      expect(await page.evaluate("asked.most")).toBe(4);
    });

    it("takes what is dropped anywhere, and goes on with its page where it is no place for it", async () => {
      const page = await open("try");
      const picture = (await drawnImages.oneFace()).toString("base64");
      const drop = (selector: string) =>
        page.evaluate(`{
          const bytes = Uint8Array.from(atob(${JSON.stringify(picture)}), (character) => character.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], "one.jpg", { type: "image/jpeg" }));
          const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
          document.querySelector("${selector}").dispatchEvent(event);
          event.defaultPrevented;
        }`);
      expect(await drop("main")).toBe(true);
      await page.locator(".mark.kept").waitFor();
      await drop(".stage");
      await expect.poll(() => text(page, ".film [role=status]")).toBe("2 pictures");
      await page.getByRole("link", { name: "Jobs" }).click();
      expect(await drop("main")).toBe(true);
    });

    it("looks for turned faces, too, and takes a picture for a crop", async () => {
      const page = await open("try");
      const turned = await sharp(twoPortraits).rotate(90).png().toBuffer();
      await choose(page, "Choose pictures", file("turned.png", turned, "image/png"));
      await page.locator(".summary").waitFor();
      await Promise.all([
        page.waitForResponse(/\/v1\/analyse$/),
        page.getByRole("checkbox", { name: "Look for turned faces, too" }).check(),
      ]);
      await expect.poll(() => page.locator(".sweep").count()).toBe(0);
      expect(await page.locator(".mark.kept").count()).toBe(2);
      await page.getByRole("button", { name: /^Face 1/ }).click();
      await page.getByText("In the picture turned").waitFor();
      expect(await text(page, ".code")).toContain('"orientations":[0,90,180,270]');
      // Which of them are kept the service decides here.
      await setSlider(page, "Faces at most", 1);
      await expect.poll(() => text(page, ".summary")).toBe("1 face, 1 left out by the limits");
      await page.getByRole("group", { name: "Detector" }).getByRole("radio", { name: "None" }).check();
      await page.getByRole("img", { name: "The embedding's 512 numbers" }).waitFor();
      expect(await text(page, ".code")).toContain(`'job={"task":"embed","options":{"detection":"none"}}'`);
      expect(await page.getByRole("slider").count()).toBe(0);
    });

    it("stays smooth with a crowd of three hundred while a slider is dragged", async () => {
      const page = await open("try", { viewport: { width: 1280, height: 900 } });
      await choose(page, "Choose pictures", file("crowd.jpg", await crowd(21, 15)));
      await expect.poll(() => page.locator(".mark").count()).toBeGreaterThanOrEqual(300);
      const slider = page.getByRole("slider", { name: "Confidence from" });
      await page.evaluate(
        `new PerformanceObserver((list) => (globalThis.long ??= []).push(...list.getEntries().map((entry) => entry.duration))).observe({ type: "longtask" })`,
      );
      /** The longest task of a drag over the whole slider, in milliseconds; 0 where none took 50. */
      const drag = async (): Promise<number> => {
        await page.evaluate("globalThis.long = []");
        const box = (await slider.boundingBox())!;
        const y = box.y + box.height / 2;
        await page.mouse.move(box.x + box.width * 0.5, y);
        await page.mouse.down();
        for (let step = 0; step <= 40; step++) await page.mouse.move(box.x + box.width * (0.5 + step / 80), y);
        await page.mouse.up();
        return (await page.evaluate("Math.max(0, ...globalThis.long)")) as number;
      };
      // Another process may take the processor in the middle of one drag, not of ten.
      const longest: number[] = [];
      while (longest.length < 10 && !longest.some((duration) => duration <= 100)) longest.push(await drag());
      expect(Math.min(...longest)).toBeLessThanOrEqual(100);
      expect(await page.locator(".mark.dropped").count()).toBeGreaterThan(0);
    });

    it("is used by the keyboard alone", async () => {
      const page = await open("try");
      const focused = () => page.evaluate("document.activeElement?.textContent?.trim()") as Promise<string>;
      const reach = async (name: RegExp) => {
        for (let step = 0; step < 60; step++) {
          await page.keyboard.press("Tab");
          const label = (await page.evaluate("document.activeElement?.getAttribute('aria-label') ?? ''")) as string;
          if (name.test(label) || name.test(await focused())) return;
        }
        expect.unreachable(`Expected ${name} to be reached`);
      };
      await reach(/^To the content$/);
      await page.keyboard.press("Enter");
      expect(await page.evaluate("[document.activeElement.id, location.hash]")).toEqual(["main", "#/try"]);
      await reach(/^Try a drawn sample$/);
      await page.keyboard.press("Enter");
      await page.locator(".mark.kept").first().waitFor();
      await reach(/^Face 2/);
      await page.keyboard.press("Space");
      await page.getByRole("region", { name: "Face 2" }).waitFor();
      await page.getByRole("slider", { name: "Box from" }).focus();
      await page.keyboard.press("End");
      await page.locator(".mark.dropped").first().waitFor();
    });

    it("says what is wrong with a broken file, and goes on with the others", async () => {
      const page = await open("try");
      await choose(page, "Choose pictures", [
        file("broken.jpg", await drawnImages.text()),
        file("whole.jpg", await drawnImages.oneFace()),
      ]);
      const alert = page.getByRole("alert");
      await expect.poll(() => alert.textContent()).toContain("unsupported_image_format");
      await expect.poll(() => text(page, ".film [role=status]")).toBe("2 pictures, 1 failed");
      await page.getByRole("button", { name: "whole.jpg: 1 face" }).click();
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(1);
    });
  });

  describe("at Compare", () => {
    it("shows two faces on the scale that was measured for the pack", async () => {
      const page = await open("compare");
      await choose(page, "First picture", portrait);
      await choose(page, "Second picture", portrait);
      await expect.poll(() => text(page, ".verdict")).toMatch(/^The same person0\.\d{3}$/);
      expect(await page.locator(".scale .pin").count()).toBe(1);
      expect(await text(page, ".scale figcaption")).toMatch(/Below 0\.9\d* it is the same person, from 1\.0\d*/);
    });

    it("holds one against many, the nearest first, and says which have no face", async () => {
      const page = await open("compare");
      await page.getByRole("radio", { name: "One against many" }).check();
      await choose(page, "Whom to look for", portrait);
      await choose(page, "Pictures to look in", [
        file("plain.jpg", await drawnImages.noFace()),
        file("other.jpg", await drawnImages.other()),
        file("same.jpg", await drawnImages.oneFace()),
      ]);
      const rows = page.locator(".matches li");
      await expect.poll(() => rows.count()).toBe(3);
      expect(await rows.locator(".name").allTextContents()).toEqual(["same.jpg", "other.jpg", "plain.jpg"]);
      expect(await rows.last().textContent()).toContain("No face was found in the image");
    });
  });

  describe("of jobs and batches", () => {
    it("submits a job, follows its life, and has its webhook sent again", async () => {
      const receiver = await WebhookReceiver.start(inTurn(answering(500), answering(204)));
      onTestFinished(() => receiver.stop());
      const page = await open("jobs");
      await page.getByRole("button", { name: "New job" }).click();
      await choose(page, "Picture", portrait);
      await page.getByLabel("Webhook, told of the end").fill(receiver.url);
      await page.getByRole("button", { name: "Submit the job" }).click();
      await page.waitForURL(/#\/jobs\/j[0-9a-f]{32}$/);
      const lines = page.locator(".time-line .name");
      await expect
        .poll(() => lines.allTextContents())
        .toEqual(expect.arrayContaining(["queued", "detected", "stored"]));
      expect(await page.getByRole("region", { name: "Result" }).locator(".tile").count()).toBe(1);
      const webhook = page.getByRole("region", { name: "Webhook" });
      await expect.poll(() => webhook.locator("tbody tr").count()).toBeGreaterThan(0);
      await webhook.getByRole("button", { name: "Send it again" }).click();
      await expect.poll(() => webhook.locator("tbody").textContent()).toContain("delivered");
      expect(receiver.received.length).toBeGreaterThan(1);
      await page.getByRole("link", { name: "All jobs" }).click();
      await page.getByRole("link", { name: "portrait.png" }).waitFor();
      await page.getByRole("radio", { name: "Canceled" }).check();
      await page.getByText("No job is canceled.").waitFor();
    });

    it("asks before it erases a result, and goes to the jobs that are left", async () => {
      const { id } = await new FacefleetClient({ url: fleet.url }).submit({
        task: "detect",
        image: await readFile(portrait),
      });
      const page = await open(`jobs/${id}`);
      const erase = page.getByRole("button", { name: "Erase its result" });
      await erase.press("Enter");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      expect((await fleet.get(`/v1/jobs/${id}`)).status).toBe(200);
      await erase.press("Enter");
      await page.getByRole("button", { name: "Erase it", exact: true }).press("Enter");
      await page.waitForURL(/#\/jobs$/);
      expect((await fleet.get(`/v1/jobs/${id}`)).status).toBe(404);
    });

    it("hands no file of a batch over twice, and sends nobody back who has left", async () => {
      const page = await open("batches");
      const asked: string[] = [];
      page.on("request", (request) => request.url().endsWith("/v1/uploads") && asked.push(request.url()));
      const start = () => page.getByRole("button", { name: "Start the batch" }).click();
      await page.getByRole("button", { name: "New batch" }).click();
      const many = Array.from({ length: 1001 }, (_, index) => file(`${index}.jpg`, Buffer.from("none")));
      await choose(page, "Choose the pictures of the batch", many);
      await page.getByText("1 picture more than 1000, left out.").waitFor();
      await page.getByRole("button", { name: "Clear" }).click();
      await choose(page, "Choose the pictures of the batch", [portrait, twoPortraits]);
      // An upload that is refused for a while, then the batch itself.
      const busy = { status: 503, headers: { "retry-after": "0" } };
      await page.route("**/v1/uploads", (route) => route.fulfill(busy), { times: 1 });
      await page.route("**/v1/batches", (route) => route.fulfill(busy), { times: 1 });
      await start();
      await page.getByRole("alert").waitFor();
      expect(asked).toHaveLength(3);
      await page.route("**/v1/batches", () => page.getByRole("link", { name: "Fleet", exact: true }).click());
      const ended = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/v1/batches"));
      await start();
      await ended;
      await page.locator(".workers li").first().waitFor();
      expect([asked.length, await page.evaluate("location.hash")]).toEqual([3, "#/fleet"]);
    });

    it("says what to do where the files of a batch go to a store that this page cannot reach", async () => {
      const page = await open("batches", { bypassCSP: true });
      const upload = { id: "u1", url: "http://127.0.0.1:1/store", method: "PUT", headers: {}, expiresAt: "2030-01-01" };
      await page.route("**/v1/uploads", (route) => route.fulfill({ status: 201, json: upload }));
      await page.getByRole("button", { name: "New batch" }).click();
      await choose(page, "Choose the pictures of the batch", [portrait]);
      await page.getByRole("button", { name: "Start the batch" }).click();
      const alert = page.getByRole("alert");
      await expect.poll(() => alert.textContent()).toContain("The store at http://127.0.0.1:1 takes pictures");
      expect(await alert.textContent()).toContain("name their prefix");
    });

    it("shows what ends late and succeeds again, in a batch of more than it reads at a time", async () => {
      const picture = await drawnImages.oneFace();
      let isThere = false;
      const site = createServer(({ url }, response) =>
        url === "/3" && !isThere ? response.writeHead(404).end() : response.end(picture),
      ).listen(0, "127.0.0.1");
      onTestFinished(() => void site.close());
      await once(site, "listening");
      const { port } = site.address() as AddressInfo;
      const items = Array.from({ length: 62 }, (_, index) => ({ image: { url: `http://127.0.0.1:${port}/${index}` } }));
      const client = new FacefleetClient({ url: fleet.url });
      const batch = await client.submitBatch({ task: "detect", items });
      const page = await open(`batches/${batch.id}`);
      const more = page.getByRole("button", { name: "More results" });
      await expect.poll(() => page.locator(".sheet li").count()).toBe(59);
      await expect.poll(() => page.locator(".failures li").count()).toBe(1);
      await more.waitFor();
      isThere = true;
      await page.getByRole("button", { name: "Try what failed again" }).click();
      await expect.poll(() => page.locator(".sheet li").count()).toBe(60);
      expect(await page.locator(".failures li").count()).toBe(0);
      await more.click();
      await expect.poll(() => page.locator(".sheet li").count()).toBe(62);
      expect(await more.count()).toBe(0);
    });

    it("starts a batch of files, shows its faces, tries again what failed, and hands over its lines", async () => {
      const page = await open("batches");
      await page.getByRole("button", { name: "New batch" }).click();
      await choose(page, "Choose the pictures of the batch", [
        file("two.png", await readFile(twoPortraits), "image/png"),
        file("broken.jpg", await drawnImages.text()),
        file("one.jpg", await drawnImages.oneFace()),
      ]);
      await page.getByRole("button", { name: "Start the batch" }).click();
      await page.waitForURL(/#\/batches\/b[0-9a-f]{32}$/);
      await expect.poll(() => page.locator(".sheet li").count()).toBe(3);
      await expect.poll(() => text(page, ".counts > span")).toBe("3 of 3 items, 1 failed");
      expect(await text(page, ".failures")).toContain("2. broken.jpg");
      await page.getByRole("button", { name: "Try what failed again" }).click();
      await page.getByText("Tried again").waitFor();
      await expect.poll(() => text(page, ".heading .tag")).toBe("finished");
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "NDJSON" }).click(),
      ]);
      const lines = (await readFile(await saved.path(), "utf8")).trim().split("\n");
      expect(lines.map((line) => JSON.parse(line).state)).toEqual(["succeeded", "failed", "succeeded"]);
    });

    it("says of a batch that its list cannot be read, or that there is nothing below its prefix", async () => {
      const page = await open("batches");
      const start = async (source: string, label: string, place: string) => {
        await page.getByRole("button", { name: "New batch" }).click();
        await page.getByRole("radio", { name: source }).check();
        await page.getByLabel(label).fill(place);
        await page.getByRole("button", { name: "Start the batch" }).click();
      };
      await start("A manifest", "Bucket and key of the NDJSON file", "local/none.ndjson");
      await expect
        .poll(() => page.getByRole("alert").allTextContents())
        .toEqual([expect.stringContaining("image_not_found")]);
      await page.getByRole("link", { name: "All batches" }).click();
      await start("A prefix", "Bucket and prefix", "local/nothing/");
      await page.getByText("There is no picture in it.").waitFor({ timeout: 120_000 });
    });
  });

  it("shows the fleet: its workers, what waits, and the way to Grafana", async () => {
    const page = await open("fleet");
    await expect.poll(() => text(page, ".workers")).toContain("onnx-cpu");
    expect(await page.locator(".waiting tbody th").allTextContents()).toEqual(["interactive", "high", "normal", "low"]);
    const grafana = page.getByRole("link", { name: "Grafana" });
    expect(await grafana.getAttribute("href")).toBe("https://grafana.example/d/fleet?a=1&b=2");
    await expect.poll(() => text(page, ".status")).toBe("1 worker");
  });

  it("has no page of a name that every object has", async () => {
    const page = await open("constructor");
    await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  });

  it("says that the API is away, and goes on when it is back", async () => {
    const page = await open("fleet");
    await page.locator(".workers li").waitFor();
    await page.context().setOffline(true);
    await page.getByRole("link", { name: "Jobs" }).click();
    await expect.poll(() => page.getByRole("alert").textContent()).toContain("The service does not answer");
    // Of what the service has not said, it has no documentation.
    expect(await page.getByRole("alert").getByRole("link").count()).toBe(0);
    await page.context().setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
  });

  it.each(["light", "dark"] as const)("has no fault that axe knows of, in %s", async (colorScheme) => {
    const page = await open("try", { colorScheme, reducedMotion: "reduce" });
    await page.evaluate(axe.source);
    const check = async (what: string) => {
      const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
      expect(found, what).toEqual([]);
    };
    await check("the empty page");
    await choose(page, "Choose pictures", [twoPortraits, portrait]);
    await expect.poll(() => text(page, ".film [role=status]")).toBe("2 pictures");
    await page.getByRole("button", { name: /^Face 1/ }).click();
    await setSlider(page, "Box from", 400);
    await check("Try");
    for (const room of ["compare", "jobs", "batches", "fleet", "nowhere"]) {
      await page.goto(`${fleet.url}/#/${room}`);
      await expect.poll(() => page.locator(".asking").count()).toBe(0);
      const add = page.getByRole("button", { name: /^New / });
      if ((await add.count()) > 0) await add.click();
      await check(room);
    }
    await page.getByRole("button", { name: "Give an API key" }).click();
    await check("the key");
  });

  it("fits a phone", async () => {
    const page = await open("try", { viewport: { width: 390, height: 844 } });
    await choose(page, "Choose pictures", twoPortraits);
    await page.locator(".mark.kept").first().waitFor();
    await page.getByText("Add", { exact: true }).waitFor();
    const fits = () =>
      expect.poll(() => page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
    for (const room of ["try", "jobs", "batches", "fleet", "compare"]) {
      await page.goto(`${fleet.url}/#/${room}`);
      await fits();
    }
    const long = `${"a long name ".repeat(12)}.jpg`;
    await page.getByRole("radio", { name: "One against many" }).check();
    await choose(page, "Whom to look for", file(long, await drawnImages.oneFace()));
    await choose(page, "Pictures to look in", [
      file(long, await drawnImages.oneFace()),
      file(long, await drawnImages.text()),
    ]);
    await page.locator(".matches li").nth(1).waitFor();
    await fits();
  });

  it("is small", async () => {
    const assets = join(repository, "apps", "console", "dist", "assets");
    const scripts = (await readdir(assets)).filter((name) => name.endsWith(".js.gz"));
    const sizes = await Promise.all(scripts.map(async (name) => (await stat(join(assets, name))).size));
    expect(scripts).toHaveLength(1);
    expect(sizes[0]).toBeLessThan(50_000);
  });

  it("is not there where it is switched off", async () => {
    const without = await Fleet.start({ CONSOLE: "false" }, { workers: 0 });
    onTestFinished(() => without.stop());
    const answer = await fetch(`${without.url}/`, { redirect: "manual" });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, "docs/"]);
  });

  describe("where keys are wanted", () => {
    const acme = new KeyHolder("acme", { maxQueuedJobs: 1 });
    let keys: KeysFile;
    let guarded: Fleet;

    beforeAll(async () => {
      keys = await KeysFile.create();
      await keys.replace(keysOf(acme));
      guarded = await Fleet.start({ API_KEYS_FILE: keys.path }, { workers: 0 });
    });
    afterAll(async () => {
      await guarded?.stop();
      await keys?.remove();
    });

    const give = async (page: Page, key: string) => {
      await page.getByLabel("Key", { exact: true }).fill(key);
      await page.getByRole("button", { name: "Use it" }).click();
    };

    it("asks for one, and keeps it in the session only", async () => {
      const page = await visit(`${guarded.url}/`);
      await page.getByText("This service wants a key.").waitFor();
      await give(page, "ff_wrong");
      await page.getByText("The service does not know this key").waitFor();
      await give(page, acme.key);
      await expect.poll(() => text(page, ".status")).toBe("no worker");
      await page.reload();
      await expect.poll(() => text(page, ".status")).toBe("no worker");
      expect(await page.evaluate("[localStorage.length, document.cookie]")).toEqual([0, ""]);
      await page.getByRole("button", { name: "The API key" }).click();
      await page.getByRole("button", { name: "Forget it" }).click();
      await page.getByText("This service wants a key.").waitFor();
    });

    it("looks again at what was refused once it has a key, and says that the queue is full", async () => {
      const page = await visit(`${guarded.url}/`);
      await page.getByRole("button", { name: "Not now" }).click();
      await choose(page, "Choose pictures", [
        file("first.jpg", await drawnImages.oneFace()),
        file("second.jpg", await drawnImages.other()),
      ]);
      await expect.poll(() => text(page, ".film [role=status]")).toBe("2 pictures, 2 failed");
      await page.getByRole("button", { name: "Give a key" }).click();
      await give(page, acme.key);
      await expect.poll(() => text(page, ".film [role=status]")).toMatch(/1 failed$/);
      await page.getByRole("button", { name: /: failed$/ }).click();
      await expect.poll(() => page.getByRole("alert").textContent()).toContain("too_many_jobs");
      await page.getByRole("button", { name: "Clear" }).click();
    });
  });

  describe.skipIf(skipped("the console behind nginx", noNginx))("behind nginx, below a path", () => {
    it("finds its parts and its API there", async () => {
      const nginx = await ProxyProcess.nginx(fleet.url, "proxy_set_header Host $http_host;", { prefix: "/faces" });
      onTestFinished(() => nginx.stop());
      const asked: string[] = [];
      const page = await visit(`${nginx.url}/`);
      page.on("response", (answer) => asked.push(`${answer.status()} ${answer.url()}`));
      await page.reload();
      await page.getByRole("button", { name: "Try a drawn sample" }).click();
      await expect.poll(() => page.locator(".mark.kept").count()).toBe(2);
      const strangers = asked.filter(
        (line) => !/^200 (blob:|data:)/.test(line) && !line.startsWith(`200 ${nginx.url}/`),
      );
      expect(strangers).toEqual([]);
    });
  });
});
