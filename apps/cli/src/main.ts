#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command } from "commander";
import type { CommandContext } from "./command-context.js";
import { addCommands } from "./commands.js";

async function main(): Promise<number> {
  let debug = false;
  let failures = 0;
  const failed = (count: number) => {
    failures += count;
  };
  const context = async (): Promise<CommandContext> => {
    const { loadCliConfig } = await import("./config.js");
    const config = loadCliConfig();
    debug = ["debug", "trace"].includes(config.LOG_LEVEL);
    return { config, onStopSignal, failed };
  };
  try {
    const program = new Command("facefleet")
      .description("A self-hosted fleet for face detection and face embeddings")
      .version(version());
    // "help keys" asks for `keys`, too.
    await addCommands(program, process.argv.slice(2, 4), context);
    await program.parseAsync();
    return failures > 0 ? 1 : 0;
  } catch (error) {
    report(error, debug);
    return 1;
  }
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")).version;
}

/** Signals of one Ctrl-C: npm passes on to us what the terminal has sent us already. */
const echoMs = 500;

function onStopSignal(listener: (signal: NodeJS.Signals) => void): void {
  let last = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - last > echoMs) listener(signal);
      last = now;
    });
  }
}

function report(error: unknown, debug: boolean): void {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`error: ${message}${causeOf(error)}\n`);
  if (debug && stack) process.stderr.write(`${stack}\n`);
}

/** Of an outage, what is away: callers over HTTP are not told it, whoever runs this machine is. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "queue_unavailable") return "";
  return error.cause instanceof Error ? `. ${error.cause.message}` : "";
}

process.exit(await main());
