import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { type EgressAnswer, type EgressFailure, EgressGuard, type EgressRequest } from "../../src/egress/index.js";
import { type LoopbackServer, startServer } from "./loopback-server.js";

const limits = { method: "GET", maxBytes: 1000, onTooLong: "fail", timeoutMs: 5000, maxRedirects: 0 } as const;
/** How late a busy machine may be, in milliseconds. */
const patienceMs = 5000;

const servers: LoopbackServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function listen(answer: RequestListener): Promise<LoopbackServer> {
  const server = await startServer(answer);
  servers.push(server);
  return server;
}

/** A guard for which loopback is what the public internet is elsewhere. */
const guardWith = (lookUp: (host: string) => Promise<readonly string[]>) =>
  new EgressGuard({ allow: ["127.0.0.1", "::1"], lookUp });
const guard = guardWith(async () => ["127.0.0.1"]);

/** Asks a server that answers so, by its name. */
async function ask(answer: RequestListener, request: Partial<EgressRequest> = {}): Promise<EgressAnswer> {
  const { port } = await listen(answer);
  return await guard.send({ ...limits, url: `http://photos.test:${port}/a.jpg`, ...request });
}

const failsAs = async (sent: Promise<unknown>, failure: EgressFailure) => {
  const error = await sent.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({
    name: "EgressError",
    failure,
    message: expect.stringMatching(/^Expected .* received /),
  });
  expect((error as Error).message).not.toMatch(/127\.0\.0\.1|hush/);
};

describe("a request", () => {
  it("is answered with the status, the headers and the body", async () => {
    const answer = await ask((_, response) => response.writeHead(404, { "X-Why": "gone" }).end("no such photo"));
    expect(answer).toMatchObject({ status: 404, headers: { "x-why": "gone" } });
    expect(answer.body.toString()).toBe("no such photo");
  });

  it("has the host's own name, the whole path, the caller's headers, and asks for no compression", async () => {
    let seen: IncomingMessage | undefined;
    const { port } = await listen((request, response) => {
      seen = request;
      response.end();
    });
    const url = `http://Photos.Test:${port}/a%20b.jpg?signature=hush#part`;
    const headers = { Accept: "image/*", Host: "elsewhere.test", "Accept-Encoding": "gzip" };
    await guard.send({ ...limits, url, headers });
    expect(seen?.url).toBe("/a%20b.jpg?signature=hush");
    expect(seen?.headers).toEqual({
      host: `photos.test:${port}`,
      accept: "image/*",
      "accept-encoding": "identity",
      "user-agent": "Facefleet",
      connection: "close",
    });
  });

  it("sends its body", async () => {
    const echo = async (request: IncomingMessage, response: ServerResponse) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end(`${request.method} ${request.headers["content-length"]} ${Buffer.concat(chunks)}`);
    };
    const answer = await ask((request, response) => void echo(request, response), { method: "POST", body: "größer" });
    expect(answer.body.toString()).toBe("POST 8 größer");
  });

  it("does not undo compression", async () => {
    const squeezed = Buffer.from([0x1f, 0x8b, 8, 0]);
    const answer = await ask((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(squeezed));
    expect(answer.body).toEqual(squeezed);
  });

  it("has a connection of its own", async () => {
    const { port, connections } = await listen((_, response) => response.end("x"));
    for (const name of ["a", "b", "a"]) await guard.send({ ...limits, url: `http://${name}.test:${port}/` });
    expect(connections()).toBe(3);
  });

  it("goes to an address as well as to a name", async () => {
    const { port } = await listen((request, response) => response.end(request.headers.host));
    const answer = await guard.send({ ...limits, url: `http://2130706433:${port}/` });
    expect(answer.body.toString()).toBe(`127.0.0.1:${port}`);
  });

  it("finds names as the machine does", async () => {
    const { port } = await listen((request, response) => response.end(request.headers.host));
    const byMachine = new EgressGuard({ allow: ["127.0.0.0/8", "::1/128"] });
    const answer = await byMachine.send({ ...limits, url: `http://localhost:${port}/` });
    expect(answer.body.toString()).toBe(`localhost:${port}`);
  });
});

describe("the connection", () => {
  it("goes to the address that was checked, whatever the name leads to later", async () => {
    const { port, connections } = await listen((_, response) => response.end("first"));
    const lookUps: string[] = [];
    const rebinding = guardWith(async (host) => (lookUps.push(host) === 1 ? ["127.0.0.1"] : ["10.0.0.1"]));
    const url = `http://rebind.test:${port}/`;
    expect((await rebinding.send({ ...limits, url })).body.toString()).toBe("first");
    expect(lookUps).toEqual(["rebind.test"]);
    await failsAs(rebinding.send({ ...limits, url }), "forbidden");
    expect(connections()).toBe(1);
  });

  it("is checked again after a redirect to the same name", async () => {
    const { port, connections } = await listen((_, response) => response.writeHead(302, { location: "/" }).end());
    let lookUps = 0;
    const rebinding = guardWith(async () => (++lookUps === 1 ? ["127.0.0.1"] : ["10.0.0.1"]));
    await failsAs(rebinding.send({ ...limits, maxRedirects: 3, url: `http://rebind.test:${port}/` }), "forbidden");
    expect([lookUps, connections()]).toEqual([2, 1]);
  });

  it("goes to the next address when one does not answer", async () => {
    const { port } = await listen((_, response) => response.end("here"));
    const both = guardWith(async () => ["::1", "127.0.0.1"]);
    expect((await both.send({ ...limits, url: `http://both.test:${port}/` })).body.toString()).toBe("here");
  });

  it.each([
    ["cannot be found", async () => Promise.reject(new Error("ENOTFOUND")), "unresolvable"],
    ["leads nowhere", async () => [], "unresolvable"],
    ["leads to nobody who listens", async () => ["127.0.0.1"], "refused"],
  ] as const)("is not made to a name that %s", async (_, resolve, failure) => {
    const server = await startServer(() => {});
    await server.stop();
    await failsAs(guardWith(resolve).send({ ...limits, url: `http://photos.test:${server.port}/` }), failure);
  });
});

it("is told that there is no way to a host", async () => {
  const nowhere = "255.255.255.255";
  const guard = new EgressGuard({ allow: [nowhere], lookUp: async () => [nowhere] });
  await failsAs(guard.send({ ...limits, url: "http://photos.test:8080/" }), "no_route");
});

describe("the time", () => {
  const isOver = async (request: EgressRequest, by = guard) => {
    const start = performance.now();
    await failsAs(by.send({ ...request, timeoutMs: 200 }), "timeout");
    expect(performance.now() - start).toBeLessThan(patienceMs);
  };

  it("counts the look-up", async () => {
    await isOver(
      { ...limits, url: "http://photos.test:8080/" },
      guardWith(() => new Promise(() => {})),
    );
  });

  it("counts the wait for an answer", async () => {
    const { port } = await listen(() => {});
    await isOver({ ...limits, url: `http://photos.test:${port}/` });
  });

  it.each(["fail", "cut"] as const)("counts an answer that drips (%s)", async (onTooLong) => {
    const { port } = await listen((_, response) => {
      const drip = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(drip));
    });
    await isOver({ ...limits, onTooLong, url: `http://photos.test:${port}/` });
  });

  it("counts headers that drip", async () => {
    const { port } = await listen(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      const drip = setInterval(() => socket.write("X-More: 1\r\n"), 20);
      socket.on("close", () => clearInterval(drip)).on("error", () => {});
    });
    await isOver({ ...limits, url: `http://photos.test:${port}/` });
  });

  it("counts redirects together", async () => {
    const { port } = await listen((_, response) => {
      setTimeout(() => response.writeHead(302, { location: "/" }).end(), 80);
    });
    await isOver({ ...limits, maxRedirects: 1000, url: `http://photos.test:${port}/` });
  });
});

describe("a caller that aborts", () => {
  it.each([
    ["before it begins", 0],
    ["while it waits", 50],
  ])("%s gets its own reason", async (_, afterMs) => {
    const { port } = await listen(() => {});
    const reason = new Error("canceled");
    const controller = new AbortController();
    const abort = () => controller.abort(reason);
    if (afterMs === 0) abort();
    else setTimeout(abort, afterMs);
    const sent = guard.send({ ...limits, url: `http://photos.test:${port}/`, signal: controller.signal });
    await expect(sent).rejects.toBe(reason);
  });

  it("in the middle of an answer ends the connection", async () => {
    const controller = new AbortController();
    let closed: Promise<void> | undefined;
    const sent = ask(
      (_, response) => {
        closed = new Promise((resolve) => response.on("close", () => resolve()));
        response.write("x");
        setTimeout(() => controller.abort(new Error("canceled")), 50);
      },
      { signal: controller.signal },
    );
    await expect(sent).rejects.toThrow("canceled");
    await closed;
  });
});

describe("the length", () => {
  /** Bytes without an end and without a declared length. */
  const endless: RequestListener = (_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(16_384, "x")));
    };
    response.on("drain", more);
    more();
  };

  it("may be exactly the limit", async () => {
    const answer = await ask((_, response) => response.end("x".repeat(1000)));
    expect(answer.body.length).toBe(1000);
  });

  it("fails past the limit", async () => {
    await failsAs(ask(endless), "too_long");
    await failsAs(
      ask((_, response) => response.end("x".repeat(1001))),
      "too_long",
    );
  });

  it("fails by what is declared, before it is read", async () => {
    const declared: RequestListener = (_, response) => response.writeHead(200, { "content-length": 1001 }).write("x");
    await failsAs(ask(declared), "too_long");
  });

  it("is cut at the limit", async () => {
    expect((await ask(endless, { onTooLong: "cut" })).body.toString()).toBe("x".repeat(1000));
    expect((await ask(endless, { onTooLong: "cut", maxBytes: 0 })).body.length).toBe(0);
  });
});

describe("an answer that is none", () => {
  const raw = (text: string) => (request: IncomingMessage) => void request.socket.end(text);

  it.each([
    ["too many headers", `HTTP/1.1 200 OK\r\n${"X-Filler: 0123456789\r\n".repeat(1000)}\r\n`, "broken_answer"],
    ["one header that is too long", `HTTP/1.1 200 OK\r\nX-Filler: ${"x".repeat(20_000)}\r\n\r\n`, "broken_answer"],
    ["another protocol", "220 mail.test ESMTP\r\n", "broken_answer"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhush", "broken_answer"],
    ["fewer bytes than it says", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhush", "broken_answer"],
    ["a chunk without a length", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhush\r\n", "broken_answer"],
    ["a switch to another protocol", "HTTP/1.1 101 OK\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "closed"],
    ["only a hint", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", "closed"],
    ["nothing", "", "closed"],
  ] as const)("is refused: %s", async (_, text, failure) => {
    await failsAs(ask(raw(text)), failure);
  });
});

describe("redirects", () => {
  const redirectTo =
    (location: string, status = 302): RequestListener =>
    (_, response) =>
      response.writeHead(status, { location }).end("hush");

  it.each([301, 302, 303, 307, 308])("with %i are the answer unless they are to be followed", async (status) => {
    const answer = await ask(redirectTo("http://10.0.0.1/", status));
    expect(answer).toMatchObject({ status, headers: { location: "http://10.0.0.1/" } });
  });

  it("are the answer to a POST", async () => {
    const answer = await ask(redirectTo("http://10.0.0.1/", 307), { method: "POST", body: "x", maxRedirects: 3 });
    expect(answer.status).toBe(307);
  });

  it("without a place to go are the answer", async () => {
    expect((await ask((_, response) => response.writeHead(302).end(), { maxRedirects: 3 })).status).toBe(302);
  });

  it.each([301, 302, 303, 307, 308])("with %i are followed as often as allowed", async (status) => {
    const hops: RequestListener = ({ url }, response) => {
      const hop = Number(url?.slice(1));
      if (hop === 3) response.end("there");
      else response.writeHead(status, { location: `/${hop + 1}` }).end();
    };
    const { port, connections } = await listen(hops);
    const url = `http://photos.test:${port}/0`;
    expect((await guard.send({ ...limits, url, maxRedirects: 3 })).body.toString()).toBe("there");
    expect(connections()).toBe(4);
    await failsAs(guard.send({ ...limits, url, maxRedirects: 2 }), "too_many_redirects");
    expect(connections()).toBe(7);
  });

  it("to no URL are refused", async () => {
    await failsAs(ask(redirectTo("http://[hush"), { maxRedirects: 3 }), "broken_answer");
  });

  it("to another origin go without what the caller sent along", async () => {
    const seen: IncomingMessage["headers"][] = [];
    const { port } = await listen(({ headers }, response) => {
      seen.push(headers);
      response.end();
    });
    const headers = { Authorization: "hush", Cookie: "hush", "X-Api-Key": "hush", Accept: "image/*" };
    await ask(redirectTo(`http://elsewhere.test:${port}/?a=1`), { headers, maxRedirects: 1 });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ host: `elsewhere.test:${port}`, accept: "image/*" });
    expect(JSON.stringify(seen)).not.toContain("hush");
  });

  it("to the same origin keep it", async () => {
    const answer = await ask(
      ({ url, headers }, response) =>
        url === "/there" ? response.end(headers.authorization) : response.writeHead(302, { location: "/there" }).end(),
      { headers: { authorization: "Bearer x" }, maxRedirects: 1 },
    );
    expect(answer.body.toString()).toBe("Bearer x");
  });
});

describe("what an operator opens", () => {
  const from = async (allow: string[], host: string, address: string) => {
    const { port } = await listen((_, response) => response.end("inside"));
    const opened = new EgressGuard({ allow, lookUp: async () => [address] });
    return await opened.send({ ...limits, url: `http://${host}:${port}/`, timeoutMs: 300 });
  };

  it("can be reached", async () => {
    expect((await from(["127.0.0.0/8"], "photos.internal", "127.0.0.1")).body.toString()).toBe("inside");
    expect((await from(["127.0.0.0/8"], "127.0.0.1", "")).body.toString()).toBe("inside");
  });

  it("is no more than it says", async () => {
    await failsAs(from(["127.0.0.2/31", "10.0.0.0/8"], "photos.internal", "127.0.0.1"), "forbidden");
    await failsAs(from(["photos.internal"], "photos.internal", "127.0.0.1"), "forbidden");
    await failsAs(from(["photos.internal"], "other.internal", "10.0.0.1"), "forbidden");
  });
});
