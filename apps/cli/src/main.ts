#!/usr/bin/env node
import { Command } from "commander";
import { addBenchCommand } from "./commands/bench.js";
import { addEvalCommands } from "./commands/eval.js";
import { addKeysCommands } from "./commands/keys.js";
import { addLoadCommand } from "./commands/load.js";
import { addModelsCommands } from "./commands/models.js";
import { addSubmitCommand } from "./commands/submit.js";
import { addTenantsCommands } from "./commands/tenants.js";
import { addUpCommand } from "./commands/up.js";
import { loadCliConfig } from "./config.js";

async function main(): Promise<number> {
  let debug = false;
  try {
    const config = loadCliConfig();
    debug = ["debug", "trace"].includes(config.LOG_LEVEL);
    const program = new Command("facefleet").description("A self-hosted fleet for face detection and face embeddings");
    addUpCommand(program, config, onStopSignal);
    addModelsCommands(program, config);
    addKeysCommands(program, config);
    addTenantsCommands(program, config);
    const submitted = addSubmitCommand(program, config);
    const loaded = addLoadCommand(program, config);
    const evaluated = addEvalCommands(program, config);
    const benched = addBenchCommand(program, config, onStopSignal);
    await program.parseAsync();
    return [submitted, loaded, evaluated, benched].some(({ failed }) => failed > 0) ? 1 : 0;
  } catch (error) {
    report(error, debug);
    return 1;
  }
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
  process.stderr.write(`error: ${message}\n`);
  if (debug && stack) process.stderr.write(`${stack}\n`);
}

process.exit(await main());
