/** The configuration cannot be used. `faults` has one line for each bad setting; none shows a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  constructor(readonly faults: string[]) {
    super(["The configuration has faults:", ...faults.map((fault) => `  ${fault}`)].join("\n"));
  }
}
