import { Argument, Command } from "commander";
import type { CommandContext, DefineCommand } from "../command-context.js";
import { type CompletedCommand, completionScript, shells } from "../completion/completion-script.js";

/** Adds every command to a program. */
type AddCommands = (program: Command, context: CommandContext) => Promise<void>;

export function defineCompletion(addCommands: AddCommands): DefineCommand {
  return (command, context) => {
    command
      .addArgument(new Argument("<shell>").choices(Object.keys(shells)))
      .addHelpText("after", `\nFor example: ${shells.bash.use}`)
      .action(async (shell: keyof typeof shells) => {
        const program = new Command("facefleet").version("");
        await addCommands(program, context);
        process.stdout.write(completionScript(shell, completed(program)));
      });
  };
}

function completed(command: Command): CompletedCommand {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).flatMap(({ long, description }) => (long ? [{ long, description }] : [])),
    commands: help
      .visibleCommands(command)
      .filter((child) => child.name() !== "help")
      .map(completed),
  };
}
