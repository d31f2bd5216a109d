import type { Job } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectEventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";
import { forbiddenUrls, foreignSchemes } from "./forbidden-urls.js";
import { ImageSite } from "./image-site.js";

const acme = new Caller("acme");
/** What a deployment takes unless told otherwise. */
const maxImageBytes = 20_971_520;

describe.concurrent("an image at a URL", () => {
  let site: ImageSite;
  let image: Buffer;

  beforeAll(async () => {
    image = await portrait();
    site = await ImageSite.start(image);
  });
  afterAll(() => site?.stop());

  async function jobOf(path: string, task = "detect"): Promise<Job> {
    const body = { task, image: { url: path.startsWith("http") ? path : site.url(path) } };
    const submitted = await acme.post<Job>("/v1/jobs", body);
    expect(submitted.status, submitted.text).toBe(202);
    return acme.ended(submitted.body.id);
  }

  it("is fetched and analysed, with nothing that tells of the caller", async () => {
    const job = await jobOf("/image.png?size=large", "embed");
    expect(job).toMatchObject({ state: "succeeded", result: { faces: [{ embedding: expect.any(Array) }] } });
    const [asked] = site.asked("/image.png?size=large");
    expect(asked).toMatchObject({ method: "GET", headers: { host: new URL(site.url("/")).host } });
    expect(asked!.headers).not.toHaveProperty("authorization");
    expect(asked!.headers).not.toHaveProperty("cookie");
  });

  it("is one of the two of a verification", async () => {
    const images = [{ url: site.url("/image.png") }, { url: site.url("/redirects/1") }];
    const job = await acme.finished(acme.post<Job>("/v1/jobs", { task: "verify", images }));
    expect(job).toMatchObject({ state: "succeeded", result: { match: true } });
  });

  it.each([1, 2, 3])("is found behind redirects: %i", async (count) => {
    expect(await jobOf(`/redirects/${count}`)).toMatchObject({ state: "succeeded", result: { faces: [{}] } });
  });

  it.each<[what: string, path: string, code: string, status: number]>([
    ["behind four redirects", "/redirects/4", "image_unreachable", 502],
    ["behind a redirect to itself", "/loop", "image_unreachable", 502],
    ["that is not there", "/absent", "image_not_found", 404],
    ["behind a redirect to what is not there", "/to-absent", "image_not_found", 404],
    ["that is for others", "/secret", "image_not_found", 404],
    ["of a server in trouble", "/trouble", "image_unreachable", 502],
    ["of a server that hangs up", "/closed", "image_unreachable", 502],
    ["that breaks off", "/cut", "image_unreachable", 502],
    ["that is larger than it may be, and says so", "/large-announced", "image_too_large", 413],
    ["that is larger than it may be", "/large", "image_too_large", 413],
    ["without an end", "/endless", "image_too_large", 413],
    ["that is empty", "/empty", "empty_image", 400],
    ["that is a page", "/page.html", "unsupported_image_format", 415],
    ["that is damaged", "/damaged.png", "image_undecodable", 422],
  ])("%s fails the job, and says why", async (_, path, code, status) => {
    const job = await jobOf(path);
    expect(job).toMatchObject({ state: "failed", error: { code, status } });
    expect(JSON.stringify(job)).not.toContain("hush");
    expect(job).not.toHaveProperty("result");
  });

  it("that never answers is given up after 15 seconds, and asked for again", async () => {
    const path = "/silent";
    const submitted = await acme.post<Job>("/v1/jobs", { task: "detect", image: { url: site.url(path) } });
    await expectEventually(() => expect(site.asked(path)).toHaveLength(2));
    const [first, second] = site.asked(path);
    expect(second!.at - first!.at).toBeGreaterThan(14_900);
    expect((await acme.delete(submitted.body.links.self)).status).toBe(204);
    expect(await acme.ended(submitted.body.id)).toMatchObject({ state: "canceled", attempts: 2 });
  });

  it("at a host that there is not fails the job", async () => {
    const job = await jobOf("http://absent.invalid/a.png");
    expect(job).toMatchObject({ state: "failed", error: { code: "image_unreachable" } });
  });

  it("that may not be fetched is refused when the job is submitted", async () => {
    for (const url of forbiddenUrls) {
      expectProblem(await acme.post("/v1/jobs", { task: "detect", image: { url } }), 403, "url_forbidden");
      const images = [{ url: site.url("/image.png") }, { url }];
      expectProblem(await acme.post("/v1/jobs", { task: "verify", images }), 403, "url_forbidden");
    }
    for (const url of foreignSchemes) {
      expectProblem(await acme.post("/v1/jobs", { task: "detect", image: { url } }), 400, "invalid_request");
    }
  });

  it.each([
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://192.168.1.1:8080/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://0xa9fea9fe/",
    "http://user@127.0.0.1:8080/",
    "http://127.0.0.1:22/",
    "file:///etc/passwd",
    "ftp://127.0.0.1:8080/",
  ])("behind a redirect to %s is refused when it is met", async (target) => {
    const job = await jobOf(`/to?${encodeURIComponent(target)}`);
    expect(job).toMatchObject({ state: "failed", attempts: 1, error: { code: "url_forbidden", status: 403 } });
  });

  it("of the largest size that may be is taken", async () => {
    const job = await jobOf(`/padded/${maxImageBytes}`);
    expect(job).toMatchObject({ state: "succeeded" });
    expect(await jobOf(`/padded/${maxImageBytes + 1}`)).toMatchObject({ error: { code: "image_too_large" } });
  });

  it("is let go of when its job is canceled", async () => {
    const path = "/silent?canceled";
    const submitted = await acme.post<Job>("/v1/jobs", { task: "detect", image: { url: site.url(path) } });
    await expectEventually(() => expect(site.asked(path)).toHaveLength(1));
    expect((await acme.delete(submitted.body.links.self)).status).toBe(204);
    expect(await acme.ended(submitted.body.id)).toMatchObject({ state: "canceled" });
    await site.asked(path)[0]!.closed;
  });
});
