import type { AnalysisResult } from "@facefleet/client";
import { useEffect, useState } from "preact/hooks";
import { apiKey } from "../key/api-key.js";
import { Choice } from "../parts/choice.js";
import { CopyButton } from "../parts/copy-button.js";
import { Problem } from "../parts/problem.js";
import { client, type Fault, faultOf, serviceUrl } from "../service.js";
import { requestOptions, taskOf } from "./options.js";
import { limits, look, type Picture } from "./pictures.js";
import { type RequestLanguage, requestLines } from "./request-lines.js";

const tabs = [
  ["curl", "curl"],
  ["typescript", "TypeScript"],
  ["python", "Python"],
  ["answer", "Answer"],
] as const;

/** Past it the text is cut where it is shown, not where it is copied. */
const longest = 20_000;

/** The request that answers what is shown, in three languages, and what the service says to exactly it. */
export function RequestPanel({ picture }: { readonly picture: Picture }) {
  const [tab, setTab] = useState<RequestLanguage | "answer">("curl");
  const options = requestOptions(look.value, limits.value);
  const task = taskOf(look.value);
  const shown = { url: serviceUrl, fileName: picture.file.name, task, options, hasKey: apiKey.value !== undefined };
  const { answer, fault } = useAnswer(picture, tab === "answer" ? JSON.stringify({ task, options }) : undefined);
  const text = tab === "answer" ? (answer ?? "") : requestLines[tab](shown);
  return (
    <section class="card request" aria-label="The request">
      <div class="row">
        <h2>Request</h2>
        <Choice label="Shown in" name="language" value={tab} options={tabs} onChange={setTab} />
        <span class="grow" />
        {text && <CopyButton text={text} what={tab === "answer" ? "the answer" : "the request"} />}
      </div>
      {tab === "answer" && fault ? (
        <Problem fault={fault} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
        <pre class="code" tabIndex={0}>
          <code>{text ? text.slice(0, longest) : "Asking…"}</code>
        </pre>
      )}
      {text.length > longest && <p class="quiet small">There is more of it: a copy has all.</p>}
    </section>
  );
}

interface Seen {
  /** What was asked: for another request, the answer is none. */
  readonly request?: string;
  readonly answer?: string;
  readonly fault?: Fault | undefined;
}

/** What the service answers to a request, once its options have stopped changing. */
function useAnswer({ file, id }: Picture, request: string | undefined) {
  const [seen, setSeen] = useState<Seen>({});
  useEffect(() => {
    if (request === undefined) return;
    const stop = new AbortController();
    const settled = setTimeout(async () => {
      try {
        const asked = { ...JSON.parse(request), signal: stop.signal };
        setSeen({ request, answer: jsonOf(await client.peek().analyse(file, asked)) });
      } catch (error) {
        const fault = faultOf(error);
        if (!stop.signal.aborted) setSeen({ request, fault });
      }
    }, 300);
    return () => {
      clearTimeout(settled);
      stop.abort();
    };
  }, [id, request, client.value]);
  return seen.request === request ? seen : {};
}

/** Indented, but numbers and points in lines of their own parent. */
function jsonOf(result: AnalysisResult): string {
  const inLine = (open: string, fields: string, close: string) => `${open}${fields.replace(/\s+/g, " ")}${close}`;
  return JSON.stringify(result, undefined, 2)
    .replace(/\[\s+((?:[\d.e+-]+,\s+)*[\d.e+-]+)\s+\]/g, (_, numbers: string) => inLine("[", numbers, "]"))
    .replace(/\{\s+((?:"\w+": [\d.e+-]+,\s+)*"\w+": [\d.e+-]+)\s+\}/g, (_, fields: string) =>
      inLine("{ ", fields, " }"),
    );
}
