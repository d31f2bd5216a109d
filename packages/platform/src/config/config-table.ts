import type { TObject } from "typebox";
import type { SettingSchema } from "./setting.js";

/** The documentation of a configuration schema: a markdown heading and a table, made from the schema itself. */
export function configTable(title: string, schema: TObject): string {
  const required = new Set<string>(schema.required);
  const rows = Object.entries<SettingSchema>(schema.properties).map(
    ([name, setting]) =>
      `| \`${name}\` | ${defaultCell(setting, required.has(name))} | ${cell(setting.description ?? "")} |`,
  );
  return [`## ${title}`, "", "| Setting | Default | Meaning |", "|---|---|---|", ...rows, ""].join("\n");
}

function defaultCell(setting: SettingSchema, required: boolean): string {
  if (setting.default === undefined) return required ? "*(required)*" : "*(unset)*";
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
