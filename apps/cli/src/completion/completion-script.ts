/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly long: string; readonly description: string }[];
  readonly commands: readonly CompletedCommand[];
}

export const shells = {
  bash: { use: "source <(facefleet completion bash)", script: bash },
  zsh: { use: "source <(facefleet completion zsh)", script: zsh },
  fish: { use: "facefleet completion fish | source", script: fish },
} as const;

/** A script that knows the commands by heart: nothing of ours is started while somebody types. */
export function completionScript(shell: keyof typeof shells, program: CompletedCommand): string {
  const { use, script } = shells[shell];
  return `# ${use}\n${script(program)}`;
}

/** Each command with those above it: "models list". The program itself is "". */
function everyCommand(command: CompletedCommand, path = ""): [path: string, command: CompletedCommand][] {
  const below = command.commands.flatMap((child) => everyCommand(child, `${path} ${child.name}`.trim()));
  return [[path, command], ...below];
}

/** What is no command and no option is the name of a file. */
function bash(program: CompletedCommand): string {
  const all = everyCommand(program);
  const paths = all.slice(1).map(([path]) => `"${path}"`);
  const candidates = all.map(([path, { commands, options }]) => {
    const words = [...commands.map(({ name }) => name), ...options.map(({ long }) => long)];
    return `    "${path}") candidates="${words.join(" ")}" ;;`;
  });
  return `_facefleet() {
  local path="" candidates="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    word="\${path:+$path }$word"
    case "$word" in
      ${paths.join(" | ")}) path="$word" ;;
    esac
  done
  case "$path" in
${candidates.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -o bashdefault -F _facefleet facefleet
`;
}

function zsh(program: CompletedCommand): string {
  return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(program)}`;
}

function fish(program: CompletedCommand): string {
  const lines = everyCommand(program).flatMap(([path, { commands, options }]) => {
    const names = path.split(" ").filter(Boolean);
    const others = commands.map(({ name }) => name).join(" ");
    const inside = names.map((name) => `__fish_seen_subcommand_from ${name}`);
    const undecided = others ? [`not __fish_seen_subcommand_from ${others}`] : [];
    const when = (conditions: readonly string[]) => (conditions.length > 0 ? ` -n '${conditions.join("; and ")}'` : "");
    return [
      ...commands.map(
        ({ name, description }) =>
          `complete -c facefleet${when([...inside, ...undecided])} -f -a ${name} -d ${quoted(description)}`,
      ),
      ...options.map(
        ({ long, description }) =>
          `complete -c facefleet${when([...inside, ...undecided])} -l ${long.slice(2)} -d ${quoted(description)}`,
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
