import type { Batch, BatchLine, Job, Problem } from "@facefleet/contracts";
import { expect, inject } from "vitest";
import type { TenantName } from "../support/deployment.js";

const deployment = inject("deployment");

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined when it is none. */
  readonly body: T;
}

interface Content {
  readonly json?: unknown;
  readonly form?: FormData;
  readonly text?: string;
  readonly headers?: Record<string, string>;
}

/** A tenant, or somebody without a key, who speaks to one of the two API processes. */
export class Caller {
  constructor(
    readonly tenant: TenantName | "nobody" = "acme",
    private readonly api: 0 | 1 = 0,
  ) {}

  get url(): string {
    return deployment.urls[this.api];
  }

  get<T = Problem>(path: string, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.call<T>("GET", path, headers && { headers });
  }

  post<T = Problem>(path: string, json?: unknown, headers?: Record<string, string>): Promise<Answer<T>> {
    return this.call<T>("POST", path, { ...(json !== undefined && { json }), ...(headers && { headers }) });
  }

  delete<T = Problem>(path: string): Promise<Answer<T>> {
    return this.call<T>("DELETE", path);
  }

  /** Submits a job that names its images. */
  submit(request: object, headers?: Record<string, string>): Promise<Answer<Job>> {
    return this.post<Job>("/v1/jobs", request, headers);
  }

  job(id: string): Promise<Answer<Job>> {
    return this.get<Job>(`/v1/jobs/${id}`);
  }

  /** An image as a form's field, with the other parts of the form. */
  sendImage<T = Problem>(path: string, image: Uint8Array, parts: Record<string, unknown> = {}): Promise<Answer<T>> {
    const form = new FormData();
    for (const [name, value] of Object.entries(parts)) form.append(name, JSON.stringify(value));
    form.append("image", new Blob([Uint8Array.from(image)]), "photo.png");
    return this.call<T>("POST", path, { form });
  }

  async call<T>(method: string, path: string, content: Content = {}): Promise<Answer<T>> {
    const response = await this.open(method, path, content);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: jsonOf(text) as T };
  }

  /** The answer before its body is read. */
  open(method: string, path: string, { json, form, text, headers = {} }: Content = {}): Promise<Response> {
    const key = this.tenant === "nobody" ? undefined : deployment.keys[this.tenant];
    const body = json === undefined ? (form ?? text) : JSON.stringify(json);
    return fetch(this.url + path, {
      method,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(json !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      redirect: "manual",
    });
  }

  /** Waits for the end of a job that was accepted. */
  async finished(submission: Answer<Job> | Promise<Answer<Job>>): Promise<Job> {
    const { status, body, text } = await submission;
    expect([200, 202], text).toContain(status);
    return this.ended(body.id);
  }

  async ended(id: string): Promise<Job> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { status, body, text } = await this.get<Job>(`/v1/jobs/${id}?wait=20`);
      expect(status, text).toBe(200);
      if (body.finishedAt !== undefined || Date.now() > deadline) return body;
    }
  }

  async endedBatch(id: string): Promise<Batch> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { body } = await this.get<Batch>(`/v1/batches/${id}`);
      if (body.finishedAt !== undefined || Date.now() > deadline) return body;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async batchLines(id: string): Promise<BatchLine[]> {
    const { text } = await this.get(`/v1/batches/${id}/results`);
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as BatchLine]));
  }
}

/** Expects a problem of the table: its status, its code and the form that all of them have. */
export function expectProblem({ status, headers, body }: Answer<unknown>, wanted: number, code: Problem["code"]): void {
  const problem = body as Problem;
  expect(problem).toMatchObject({ status: wanted, code, type: `/docs/errors#${code}` });
  expect(problem.title.length).toBeGreaterThan(0);
  expect(problem.requestId).toBe(headers.get("x-request-id"));
  expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(status).toBe(wanted);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
