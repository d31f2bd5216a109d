import { words } from "./words.js";

const tones: Readonly<Record<string, string>> = {
  succeeded: "good",
  finished: "good",
  delivered: "good",
  match: "good",
  active: "busy",
  uncertain: "unsure",
  pending: "unsure",
  failed: "bad",
  disabled: "bad",
  no_match: "bad",
};

/** A state in a word and a colour. */
export function Tag({ state }: { readonly state: string }) {
  return <span class={`tag ${tones[state] ?? ""}`}>{words(state)}</span>;
}
