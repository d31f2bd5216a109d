import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { type CompletedCommand, completionScript } from "./completion-script.js";

const command = (name: string, more: Partial<CompletedCommand> = {}): CompletedCommand => ({
  name,
  description: `the ${name}'s own`,
  options: [{ long: "--help", description: "help" }],
  commands: [],
  ...more,
});
const program = command("facefleet", {
  commands: [
    command("up", { options: [{ long: "--workers", description: "how many" }] }),
    command("models", { commands: [command("list"), command("pull")] }),
  ],
});

/** What bash proposes at the end of a line. */
function proposals(...words: string[]): string[] {
  const line = ["facefleet", ...words].map((word) => `"${word}"`).join(" ");
  const typed = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _facefleet; echo "\${COMPREPLY[*]}"`;
  const script = `${completionScript("bash", program)}\n${typed}`;
  return execFileSync("bash", ["-c", script], { encoding: "utf8" }).trim().split(" ").filter(Boolean);
}

it("completes commands, those below them, and options", () => {
  expect(proposals("")).toEqual(["up", "models", "--help"]);
  expect(proposals("mo")).toEqual(["models"]);
  expect(proposals("models", "")).toEqual(["list", "pull", "--help"]);
  expect(proposals("models", "pull", "--")).toEqual(["--help"]);
  expect(proposals("up", "--w")).toEqual(["--workers"]);
  expect(proposals("up", "photo")).toEqual([]);
});

it("says the same to fish, in its own words", () => {
  const lines = completionScript("fish", program).split("\n");
  expect(lines[0]).toBe("# facefleet completion fish | source");
  expect(lines).toContain(
    "complete -c facefleet -n '__fish_seen_subcommand_from models; and not __fish_seen_subcommand_from list pull' -f -a pull -d 'the pull\\'s own'",
  );
  expect(lines).toContain("complete -c facefleet -n '__fish_seen_subcommand_from up' -l workers -d 'how many'");
});
