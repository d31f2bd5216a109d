import type { DeploymentInfo, TenantName } from "./deployment.js";

/** A tenant that speaks to one of a deployment's API processes. */
export class TenantClient {
  constructor(
    private readonly deployment: DeploymentInfo,
    private readonly tenant: TenantName,
    private readonly api: 0 | 1,
  ) {}

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text(path)) as T;
  }

  async text(path: string): Promise<string> {
    return accepted(await this.send("GET", path));
  }

  async post<T>(path: string, json: unknown, headers: Record<string, string> = {}): Promise<T> {
    const body = JSON.stringify(json);
    const answer = await this.send("POST", path, {
      body,
      headers: { "content-type": "application/json", ...headers },
    });
    return JSON.parse(await accepted(answer)) as T;
  }

  async sendImage<T>(path: string, image: Uint8Array, job: unknown): Promise<T> {
    const form = new FormData();
    form.append("job", JSON.stringify(job));
    form.append("image", new Blob([Uint8Array.from(image)]), "photo.png");
    return JSON.parse(await accepted(await this.send("POST", path, { body: form }))) as T;
  }

  /** The answer, whatever it is. */
  send(method: string, path: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
    const authorization = `Bearer ${this.deployment.keys[this.tenant]}`;
    return fetch(this.deployment.urls[this.api] + path, { ...init, method, headers: { authorization, ...headers } });
  }
}

async function accepted(answer: Response): Promise<string> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`Expected ${answer.url} to accept but it answered ${answer.status}: ${text}`);
  return text;
}
