import type { Command } from "commander";
import { isCheckout, ofCheckout } from "./checkout.js";
import type { CommandContext, DefineCommand } from "./command-context.js";

interface Entry {
  readonly description: string;
  readonly load: () => Promise<DefineCommand>;
  /** Only a checkout has it. */
  readonly forDevelopers?: boolean;
}

/** Of a command that nobody asks for, nothing is loaded but its name and what it is for. */
const commands: Readonly<Record<string, Entry>> = {
  up: {
    description: "start Redis (when none is configured), the API and workers on this machine",
    load: async () => (await import("./commands/up.js")).defineUp,
  },
  models: {
    description: "list, pull, check and carry model packs",
    load: async () => (await import("./commands/models.js")).defineModels,
  },
  keys: {
    description: "create and revoke the API keys of tenants",
    load: async () => (await import("./commands/keys.js")).defineKeys,
  },
  tenants: {
    description:
      "see who has how much in the fleet, and stop one; with the settings of the fleet's Redis and object store",
    load: async () => (await import("./commands/tenants.js")).defineTenants,
  },
  submit: {
    description: "send images to a running service and show the faces that it finds",
    load: async () => (await import("./commands/submit.js")).defineSubmit,
  },
  batches: {
    description: "list your batches, and try the failed items of one again",
    load: async () => (await import("./commands/batches.js")).defineBatches,
  },
  compare: {
    description: "look for the face of one image among the faces of another",
    load: async () => (await import("./commands/compare.js")).defineCompare,
  },
  match: {
    description: "order images by how near a face of theirs is to that of one",
    load: async () => (await import("./commands/match.js")).defineMatch,
  },
  completion: {
    description: "print what has a shell complete commands and options: bash, zsh or fish",
    load: async () => (await import("./commands/completion.js")).defineCompletion(everyCommand),
  },
  load: {
    description: "send jobs to a running service at a steady rate, and compare what it counts with what was sent",
    load: () => ofCheckout(async () => (await import("./load/load-command.js")).defineLoad),
    forDevelopers: true,
  },
  eval: {
    description: "measure how right the pipeline is, on public data",
    load: () => ofCheckout(async () => (await import("./eval/eval-command.js")).defineEval),
    forDevelopers: true,
  },
  bench: {
    description: "measure how fast the pipeline and the fleet are on this machine",
    load: () => ofCheckout(async () => (await import("./bench/bench-command.js")).defineBench),
    forDevelopers: true,
  },
};

/** Adds every command; those that the words ask for with all that they can do, which takes the configuration. */
export async function addCommands(
  program: Command,
  words: readonly string[],
  context: () => Promise<CommandContext>,
): Promise<void> {
  for (const [name, { description, load, forDevelopers = false }] of Object.entries(commands)) {
    const command = program.command(name, { hidden: forDevelopers && !isCheckout }).description(description);
    if (words.includes(name)) (await load())(command, await context());
  }
}

/** Adds to a program all that can be asked for here, with all that it can do. */
async function everyCommand(program: Command, context: CommandContext): Promise<void> {
  const known = Object.keys(commands).filter((name) => isCheckout || !commands[name]!.forDevelopers);
  await addCommands(program, known, async () => context);
}
