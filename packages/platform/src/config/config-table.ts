import type { Setting, Settings } from "./setting.js";

/** The documentation of settings: a markdown heading and a table, made from the settings themselves. */
export function configTable(title: string, settings: Settings): string {
  const rows = Object.entries(settings).map(
    ([name, setting]) => `| \`${name}\` | ${defaultCell(setting)} | ${cell(setting.description)} |`,
  );
  return [`## ${title}`, "", "| Setting | Default | Meaning |", "|---|---|---|", ...rows, ""].join("\n");
}

function defaultCell(setting: Setting): string {
  if (setting.default === undefined) return "*(unset)*";
  if (setting.secret && hidesPassword(String(setting.default))) return "*(secret)*";
  return `\`${cell(String(setting.default))}\``;
}

/** Only an address without credentials is sure to be harmless. */
function hidesPassword(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { username, password } = new URL(text);
  return username !== "" || password !== "";
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
