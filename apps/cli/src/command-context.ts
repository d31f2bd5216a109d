import type { Command } from "commander";
import type { CliConfig } from "./config.js";

export type OnStopSignal = (listener: (signal: NodeJS.Signals) => void) => void;

export interface CommandContext {
  readonly config: CliConfig;
  readonly onStopSignal: OnStopSignal;
  /** Tells how many of what a command was to do it could not do, for the exit code. */
  readonly failed: (count: number) => void;
}

/** Gives a command its options and its action. */
export type DefineCommand = (command: Command, context: CommandContext) => void;
