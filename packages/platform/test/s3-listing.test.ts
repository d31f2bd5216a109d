import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { createObjectStore, type ObjectPage, type ObjectStore } from "../src/object-store/index.js";
import { s3Settings } from "./store-settings.js";

const place = { bucket: "photos", prefix: "in/" };
const limit = 2;

/** A store over a server that answers as S3, or as what resembles it, does. */
async function storeOver(listener: RequestListener): Promise<ObjectStore> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const store = createObjectStore(
    s3Settings({ endpoint, accessKeyId: "id", secretAccessKey: "key", bucket: "photos" }),
  );
  onTestFinished(async () => {
    await store.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return store;
}

const query = (request: IncomingMessage) => new URL(request.url ?? "", "http://s3").searchParams;
const contents = (...names: string[]) => names.map((name) => `<Contents><Key>${name}</Key></Contents>`).join("");

/** Lists what `answer` makes of a token. */
const listing = (answer: (token: string | null) => string) =>
  storeOver((request, response) => {
    response.writeHead(200, { "content-type": "application/xml" });
    response.end(`<ListBucketResult>${answer(query(request).get("continuation-token"))}</ListBucketResult>`);
  });

async function allPages(store: ObjectStore): Promise<ObjectPage> {
  const [keys, unreadable]: [string[], string[]] = [[], []];
  for (let cursor: string | undefined, pages = 0; pages < 10; pages += 1) {
    const page = await store.list(place, { limit, ...(cursor !== undefined && { cursor }) });
    keys.push(...page.keys);
    unreadable.push(...(page.unreadable ?? []));
    cursor = page.cursor;
    if (cursor === undefined) return { keys, unreadable };
  }
  throw new Error("Expected an end of the list");
}

describe("a list", () => {
  it.each([
    ["sends an empty token with it", "<IsTruncated>false</IsTruncated><NextContinuationToken/>"],
    ["sends an empty token and nothing else", "<NextContinuationToken/>"],
    ["sends a token all the same", "<IsTruncated>false</IsTruncated><NextContinuationToken>b</NextContinuationToken>"],
  ])("has one page of a server that %s", async (_, end) => {
    const store = await listing(() => contents("in/a", "in/b") + end);
    expect(await allPages(store)).toEqual({ keys: ["in/a", "in/b"], unreadable: [] });
  });

  it("goes on past pages that are empty", async () => {
    const store = await listing((token) => {
      if (token === "3") return contents("in/b");
      const next = `<IsTruncated>true</IsTruncated><NextContinuationToken>${Number(token) + 1}</NextContinuationToken>`;
      return token === null ? contents("in/a") + next : next;
    });
    expect((await allPages(store)).keys).toEqual(["in/a", "in/b"]);
  });

  it.each([
    ["the page that it gave", "<IsTruncated>true</IsTruncated><NextContinuationToken>b</NextContinuationToken>"],
    ["no next page", "<IsTruncated>true</IsTruncated><NextMarker>in/b</NextMarker>"],
  ])("that leads to %s is an error", async (_, end) => {
    const store = await listing(() => contents("in/a", "in/b") + end);
    const detail = expect.stringContaining(`below "in/" in photos`);
    await expect(allPages(store)).rejects.toMatchObject({ code: "batch_source_invalid", detail });
  });

  it("that leads from empty page to empty page is an error", async () => {
    let pages = 0;
    const end = () => `<IsTruncated>true</IsTruncated><NextContinuationToken>${++pages}</NextContinuationToken>`;
    await expect(allPages(await listing(end))).rejects.toMatchObject({ code: "batch_source_invalid" });
  });

  it("is decoded where the answer says that it is encoded, a plus to a space", async () => {
    const names = [
      "in/a%0Db.jpg",
      "in/a+b.jpg",
      "in/a%2Bb%2541.jpg",
      "in/%01.jpg",
      "in/%F0%9F%98%80.jpg",
      "in/%E9.jpg",
    ];
    const store = await listing(() => `<EncodingType>url</EncodingType>${contents(...names)}`);
    expect(await allPages(store)).toEqual({
      keys: ["in/a\rb.jpg", "in/a b.jpg", "in/a+b%41.jpg", "in/\u0001.jpg", "in/\u{1F600}.jpg"],
      unreadable: ["in/%E9.jpg"],
    });
  });

  it("is taken as it is otherwise, but for what XML does not tell apart", async () => {
    const store = await listing(() => contents("in/a+b%41.jpg", "in/&amp;ü.jpg", "in/a\rb.jpg"));
    expect(await allPages(store)).toEqual({
      keys: ["in/a+b%41.jpg", "in/&ü.jpg"],
      unreadable: ["in/a\nb.jpg"],
    });
  });
});

describe("a bucket in another region", () => {
  const ref = { bucket: "photos", key: "a.jpg" };
  const options = { maxBytes: 1000 };

  /** A server that serves those who sign for eu-west-1, and tells others as S3 does. */
  const elsewhere = (status: number, code: string, headers: Record<string, string> = {}) =>
    storeOver((request, response) => {
      request.resume();
      if (request.headers.authorization?.includes("/eu-west-1/s3/")) {
        response.writeHead(200, { "content-type": "application/xml" });
        response.end(
          query(request).has("list-type") ? `<ListBucketResult>${contents("in/a")}</ListBucketResult>` : "x",
        );
      } else {
        response.writeHead(status, { "content-type": "application/xml", ...headers });
        response.end(`<Error><Code>${code}</Code><Message>No.</Message><Region>eu-west-1</Region></Error>`);
      }
    });

  it("is followed there", async () => {
    const store = await elsewhere(301, "PermanentRedirect", { "x-amz-bucket-region": "eu-west-1" });
    expect(String(await store.get(ref, options))).toBe("x");
    expect((await allPages(store)).keys).toEqual(["in/a"]);
    await store.put(ref, Buffer.from("x"), options);
    await store.ping();
  });

  it.each([
    [400, "AuthorizationHeaderMalformed"],
    [301, "PermanentRedirect"],
  ])("that cannot be followed is named: %i %s", async (status, code) => {
    const store = await elsewhere(status, code);
    const named = expect.stringContaining("eu-west-1");
    await expect(store.get(ref, options)).rejects.toMatchObject({ code: "bucket_forbidden", detail: named });
    await expect(allPages(store)).rejects.toMatchObject({ code: "bucket_forbidden", detail: named });
    const put = store.put(ref, Buffer.from("x"), options);
    await expect(put).rejects.toMatchObject({ code: "store_unavailable", detail: named });
  });
});
