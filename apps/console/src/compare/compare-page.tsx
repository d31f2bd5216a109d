import { useState } from "preact/hooks";
import { Choice } from "../parts/choice.js";
import { ManyPictures } from "../parts/many-pictures.js";
import { PictureSlot } from "../parts/picture-slot.js";
import { Problem } from "../parts/problem.js";
import { Gallery } from "./gallery.js";
import { Pair } from "./pair.js";
import { type Mode, useCompared } from "./use-compared.js";

/** A job compares its probe with no more. */
const mostOthers = 100;

/** Is this the same person? */
export function ComparePage() {
  const [mode, setMode] = useState<Mode>("two");
  const [first, setFirst] = useState<File | undefined>();
  const [second, setSecond] = useState<File | undefined>();
  const [many, setMany] = useState<readonly File[]>([]);
  const others = mode === "two" ? [second].filter((file) => file !== undefined) : many;
  return (
    <>
      <div class="row heading">
        <h1>Compare</h1>
        <span class="grow" />
        <Choice
          label="Compare"
          name="mode"
          value={mode}
          options={[
            ["two", "Two pictures"],
            ["many", "One against many"],
          ]}
          onChange={setMode}
        />
      </div>
      <div class="slots">
        <PictureSlot label={mode === "two" ? "First picture" : "Whom to look for"} file={first} onFile={setFirst} />
        {mode === "two" ? (
          <PictureSlot label="Second picture" file={second} onFile={setSecond} />
        ) : (
          <ManyPictures
            label="Pictures to look in"
            title="Pictures to look in"
            hint={`drop up to ${mostOthers} here, or choose them`}
            most={mostOthers}
            files={many}
            onFiles={setMany}
          />
        )}
      </div>
      <Answer mode={mode} first={first} others={others} />
    </>
  );
}

interface AnswerProps {
  readonly mode: Mode;
  readonly first: File | undefined;
  readonly others: readonly File[];
}

function Answer({ mode, first, others }: AnswerProps) {
  const { isAsking, fault, pair, many, again } = useCompared(mode, first, others);
  return (
    <div aria-live="polite">
      {isAsking && <p class="asking">Comparing…</p>}
      {fault && <Problem fault={fault} onAgain={again} />}
      {pair && <Pair result={pair} />}
      {many && <Gallery result={many} files={others} />}
      {!(first && others.length > 0) && (
        <p class="hint quiet">
          The face of the first picture is held against every face of the others. The pictures are deleted when the
          answer is here.
        </p>
      )}
    </div>
  );
}
