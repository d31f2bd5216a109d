import { WriteStream } from "node:tty";
import { ProblemError } from "@facefleet/contracts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createLogger, type LoggerOptions } from "./logger.js";

const capture = (format: LoggerOptions["format"], level: LoggerOptions["level"] = "info") => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, logger: createLogger({ name: "api", level, format, destination }) };
};

describe.each(["json", "pretty"] as const)("createLogger, %s", (format) => {
  it("writes one line for people or machines", () => {
    const { lines, logger } = capture(format);
    logger.child({ jobId: "j1" }).info({ faces: 2 }, "job ended");
    expect(lines).toHaveLength(1);
    for (const part of ["api", "j1", "job ended", "2"]) expect(lines[0]).toContain(part);
  });

  it("writes neither credentials nor anything biometric, wherever it is", () => {
    const { lines, logger } = capture(format);
    const hush = "hush-123456";
    logger.info({ embedding: [hush], secret: hush, S3_SECRET_ACCESS_KEY: hush }, "top");
    logger.info({ req: { headers: { authorization: hush, cookie: hush, Authorization: hush } } }, "request");
    logger.info({ job: { result: { faces: [{ embedding: hush }] } }, faces: [{ embedding: [hush] }] }, "result");
    logger.info({ body: { embedding1: [hush], embedding2: [hush] }, image: { bytes: Buffer.from(hush) } }, "request");
    logger.child({ secret: hush, config: { REDIS_URL: hush } }).info("start");
    logger
      .child({ part: "a" })
      .child({ deep: { secret: hush } }, { level: "debug" })
      .debug("a child's child");
    class Settings {
      readonly secret = hush;
    }
    logger.info({ settings: new Settings(), nested: { settings: [new Settings()] } }, "objects of a class");
    logger.info({ reason: Object.assign(new Error("no"), { secret: hush, request: { token: hush } }) }, "an error");
    expect(lines).toHaveLength(8);
    expect(lines.join("")).not.toContain(hush);
    expect(lines.join("")).not.toContain(String([...Buffer.from(hush)].slice(0, 4)));
  });

  it("writes an error with its causes, and nothing that hangs on it", () => {
    const { lines, logger } = capture(format);
    const root = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", request: { token: "hush" } });
    const error = new ProblemError("store_unavailable", "The object store did not answer.", { cause: root });
    logger.error({ err: error }, "failed");
    logger.error(error);
    for (const line of lines) {
      for (const part of ["store_unavailable", "did not answer", "ECONNREFUSED"]) expect(line).toContain(part);
      expect(line).not.toContain("hush");
    }
    expect(lines).toHaveLength(2);
  });
});

describe("createLogger", () => {
  it.each(["json", "pretty"] as const)("writes no terminal codes that a caller sent, %s", (format) => {
    const { lines, logger } = capture(format);
    logger.error({ err: new Error("no object at a\u001b[2J\r\nb"), key: "a\u001b[2J" }, "failed");
    expect(lines.join("")).toContain("no object at a");
    expect(lines.join("")).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it("leaves out what is below its level", () => {
    const { lines, logger } = capture("json", "warn");
    logger.info("not this");
    logger.warn("this");
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["this"]);
  });

  it("survives an error that is its own cause", () => {
    const { lines, logger } = capture("json");
    const error = new Error("round");
    error.cause = error;
    logger.error({ err: error }, "failed");
    expect(JSON.parse(lines[0] ?? "{}").err.message).toBe("round");
  });
});

describe("colours on a terminal", () => {
  const { isTTY, hasColors, getColorDepth } = process.stdout;
  afterEach(() => {
    Object.assign(process.stdout, { isTTY, hasColors, getColorDepth });
    vi.unstubAllEnvs();
  });

  it.each([
    [{ TERM: "xterm-256color" }, true],
    [{ TERM: "xterm-256color", NO_COLOR: "1" }, false],
    [{ TERM: "dumb" }, false],
  ])("are there with %o: %s", (env, expected) => {
    for (const name of ["CI", "COLORTERM", "FORCE_COLOR", "NO_COLOR", "NODE_DISABLE_COLORS", "TMUX"]) {
      vi.stubEnv(name, undefined);
    }
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const { hasColors, getColorDepth } = WriteStream.prototype;
    Object.assign(process.stdout, { isTTY: true, hasColors, getColorDepth });
    const { lines, logger } = capture("pretty");
    logger.info("said");
    expect(lines.join("").includes("\u001b[")).toBe(expected);
  });
});
