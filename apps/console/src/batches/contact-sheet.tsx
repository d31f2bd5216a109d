import type { Batch, BatchLine } from "@facefleet/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { CropPicture } from "../parts/crop-picture.js";
import { firstOf } from "../parts/first-of.js";
import { Problem } from "../parts/problem.js";
import { poll } from "../parts/use-polled.js";
import { count, score } from "../parts/words.js";
import { client, type Fault, faultOf } from "../service.js";

/** Lines that are read at a time: the results of a batch may be far more than a page should hold. */
const linesAtATime = 60;

/** The faces of a batch beside each other, read line by line as somebody wants more. */
export function ContactSheet({ batch, ended }: { readonly batch: Batch; readonly ended: number }) {
  const { lines, isMore, fault, more } = useLines(batch, ended);
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

interface Seen {
  readonly lines: readonly BatchLine[];
  /** How many lines were asked for. */
  readonly wanted: number;
  readonly fault?: Fault | undefined;
}

/** How often lines are read again while items end. */
const everyMs = 2000;

/**
 * The lines of a batch so far, some at a time. Lines are in the order of their items, of which any may end, and fail or succeed
 * again: they are read from the beginning whenever something has changed.
 */
function useLines({ id, retries, finishedAt }: Batch, ended: number) {
  const [{ lines, wanted, fault }, setSeen] = useState<Seen>({ lines: [], wanted: 0 });
  const most = useRef(linesAtATime);
  const state = useRef<string | undefined>(undefined);
  state.current = ended === 0 ? undefined : `${ended} ${retries} ${finishedAt}`;
  const read = useRef(() => {});
  useEffect(() => {
    let seen: string | undefined;
    const polling = poll(everyMs, async (signal) => {
      const wanted = most.current;
      const now = `${state.current} ${wanted}`;
      if (state.current === undefined || now === seen) return;
      try {
        const lines = await firstOf(client.peek().batchResults(id, { signal }), wanted);
        if (signal.aborted) return;
        setSeen({ lines, wanted });
        seen = now;
      } catch (error) {
        const fault = faultOf(error);
        if (!signal.aborted) setSeen((before) => ({ ...before, fault }));
      }
    });
    read.current = polling.again;
    return polling.end;
  }, [id, client.value]);
  const more = () => {
    most.current += linesAtATime;
    read.current();
  };
  return { lines, isMore: wanted > 0 && lines.length >= wanted && ended > lines.length, fault, more };
}
