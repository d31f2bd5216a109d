/** Someone with a key. */
export class Tenant {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  send(method: string, path: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
    const authorization = `Bearer ${this.key}`;
    return fetch(this.url + path, { ...init, method, headers: { authorization, ...headers } });
  }

  /** The status alone. */
  async status(method: string, path: string, init?: Parameters<Tenant["send"]>[2]): Promise<number> {
    const answer = await this.send(method, path, init);
    await answer.arrayBuffer();
    return answer.status;
  }

  postJson(path: string, body: unknown): Promise<Response> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return this.send("POST", path, { headers: { "content-type": "application/json" }, body: text });
  }

  postImage(path: string, image: Uint8Array, job?: unknown): Promise<Response> {
    const form = new FormData();
    if (job !== undefined) form.append("job", JSON.stringify(job));
    form.append("image", new Blob([Uint8Array.from(image)]), "photo.jpg");
    return this.send("POST", path, { body: form });
  }
}
