import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "@facefleet/contracts";
import { freePort } from "@facefleet/stack";
import { ServiceProcess } from "./service-process.js";
import { modelsDir } from "./test-data.js";

/** An API and its workers as real processes, with a queue and a folder store of their own. */
export class Fleet {
  readonly #started: ServiceProcess[] = [];

  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  /** Starts an API and, unless told, one worker; resolves when both are ready. */
  static async start(settings: Record<string, string> = {}, { workers = 1 } = {}): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), "facefleet-fleet-"));
    const port = await freePort();
    const fleet = new Fleet(`http://127.0.0.1:${port}`, folder, {
      // biome-ignore lint/style/noProcessEnv: the set-up file hands Redis' address over through it
      REDIS_URL: process.env.REDIS_URL ?? "",
      QUEUE_PREFIX: `{test-${randomBytes(6).toString("hex")}}`,
      STORE_DIR: folder,
      MODELS_DIR: modelsDir,
      ENGINE: "onnx-cpu",
      PORT: String(port),
      WORKER_PORT: "0",
      ...settings,
    });
    fleet.startProcess("api");
    await fleet.answers("/livez", 200);
    for (let i = 0; i < workers; i++) fleet.startProcess("worker");
    if (workers > 0) await fleet.answers("/health", 200);
    return fleet;
  }

  startProcess(app: "api" | "worker", settings: Record<string, string> = {}): ServiceProcess {
    const started = new ServiceProcess(app, { ...this.env, ...settings });
    this.#started.push(started);
    return started;
  }

  /** All that its processes have written. */
  get output(): string {
    return this.#started.map(({ output }) => output).join("\n");
  }

  /** Waits until a path answers with a status. */
  async answers(path: string, status: number, timeoutMs = 120_000): Promise<Response> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await this.get(path).catch(() => undefined);
      if (answer?.status === status) return answer;
      if (Date.now() > deadline) {
        throw new Error(`Expected ${path} to answer ${status} but it is at ${answer?.status}:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  get(path: string): Promise<Response> {
    return fetch(this.url + path);
  }

  delete(path: string): Promise<Response> {
    return fetch(this.url + path, { method: "DELETE" });
  }

  postJson(path: string, body: unknown): Promise<Response> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return fetch(this.url + path, { method: "POST", headers: { "content-type": "application/json" }, body: text });
  }

  postImage(path: string, image: Uint8Array, job?: unknown): Promise<Response> {
    const form = new FormData();
    if (job !== undefined) form.append("job", JSON.stringify(job));
    form.append("image", new Blob([Uint8Array.from(image)]), "photo.jpg");
    return fetch(this.url + path, { method: "POST", body: form });
  }

  /** Waits for the end of a submitted job. */
  async finished(submission: Response | Promise<Response>): Promise<Job> {
    const answer = await submission;
    let job = (await answer.json()) as Job;
    if (answer.status !== 202) throw new Error(`Expected 202 but received ${JSON.stringify(job)}`);
    const deadline = Date.now() + 100_000;
    while ((job.state === "queued" || job.state === "active") && Date.now() < deadline) {
      job = (await (await this.get(`${job.links.self}?wait=20`)).json()) as Job;
    }
    return job;
  }

  /** The uploads that the folder store holds now. */
  async uploads(): Promise<string[]> {
    return readdir(join(this.folder, "local", "uploads")).catch(() => []);
  }

  /** Ends every process at once. What they have stored stays. */
  async killAll(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((started) => started.stop("SIGKILL")));
  }

  async stop(): Promise<void> {
    await this.killAll();
    await rm(this.folder, { recursive: true, force: true });
  }
}
