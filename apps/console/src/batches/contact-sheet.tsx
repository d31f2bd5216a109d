import type { BatchLine } from "@facefleet/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { CropPicture } from "../parts/crop-picture.js";
import { Problem } from "../parts/problem.js";
import { count, score } from "../parts/words.js";
import { client, type Fault, faultOf } from "../service.js";

/** Lines that are read at a time: the results of a batch may be far more than a page should hold. */
const linesAtATime = 60;

/** The faces of a batch beside each other, read line by line as somebody wants more. */
export function ContactSheet({ id, ended }: { readonly id: string; readonly ended: number }) {
  const { lines, isMore, fault, more } = useLines(id, ended);
  const failed = lines.filter(({ state }) => state === "failed");
  const faces = lines.flatMap(({ index, id: name, result }) =>
    (result?.faces ?? []).map((face, place) => ({ key: `${index} ${place}`, name: name ?? `Item ${index + 1}`, face })),
  );
  if (ended === 0) return null;
  return (
    <section class="card" aria-label="Results">
      <h2>{faces.length === 0 ? "Results" : `${count(faces.length, "face")}${isMore ? " so far" : ""}`}</h2>
      {fault && <Problem fault={fault} />}
      {faces.length === 0 && lines.length > 0 && <p class="quiet">No face in these lines.</p>}
      <ol class="strip sheet">
        {faces.map(({ key, name, face }) => (
          <li key={key}>
            <span class="tile" title={name}>
              <CropPicture crop={face.crop} alt={`A face of ${name}`} />
              <span>{score(face.confidence)}</span>
            </span>
          </li>
        ))}
      </ol>
      {failed.length > 0 && (
        <>
          <h3>{count(failed.length, "item")} failed</h3>
          <ul class="failures">
            {failed.map(({ index, id: name, error }) => (
              <li key={index}>
                <span class="name">{name ?? `Item ${index + 1}`}</span>{" "}
                <span class="quiet">{error?.detail ?? error?.title}</span> <code>{error?.code}</code>
              </li>
            ))}
          </ul>
        </>
      )}
      {isMore && (
        <div class="row center">
          <button type="button" onClick={more}>
            More results
          </button>
        </div>
      )}
    </section>
  );
}

/** The lines of a batch so far, some at a time; from the beginning again when more have ended. */
function useLines(id: string, ended: number) {
  const [lines, setLines] = useState<readonly BatchLine[]>([]);
  const [isMore, setMore] = useState(false);
  const [fault, setFault] = useState<Fault | undefined>();
  const wanted = useRef(linesAtATime);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const read = async () => {
      const read: BatchLine[] = [];
      for await (const line of client.peek().batchResults(id, { signal: stop.signal })) {
        if (read.length >= wanted.current) {
          setMore(true);
          break;
        }
        read.push(line);
      }
      if (read.length < wanted.current) setMore(false);
      setLines(read);
      setFault(undefined);
    };
    if (ended > 0) {
      read().catch((error: unknown) => {
        if (!stop.signal.aborted) setFault(faultOf(error));
      });
    }
    return () => stop.abort();
    // Lines are in the order of their items, so that what was read stays as it is once the first ones have ended.
  }, [id, Math.min(ended, wanted.current), round]);
  const more = () => {
    wanted.current += linesAtATime;
    setRound(round + 1);
  };
  return { lines, isMore, fault, more };
}
