import { useMemo, useState } from "preact/hooks";
import { Choice } from "../parts/choice.js";
import { ManyPictures } from "../parts/many-pictures.js";
import { Problem } from "../parts/problem.js";
import { useAction } from "../parts/use-action.js";
import { client, patientClient } from "../service.js";
import { type BatchPlan, type HandedOver, mostFiles, startBatch } from "./start-batch.js";

const empty: BatchPlan = { source: "files", files: [], place: "", task: "detect", webhook: "" };

/** Starts a batch: of files from here, of what lies below a prefix, or of a list in a bucket. */
export function BatchForm() {
  const [plan, setPlan] = useState(empty);
  const [uploaded, setUploaded] = useState(0);
  const change = (changes: Partial<BatchPlan>) => setPlan({ ...plan, ...changes });
  const uploader = patientClient.value;
  const handedOver = useMemo<HandedOver>(() => new WeakMap(), [uploader]);
  const start = useAction(async (signal) => {
    setUploaded(0);
    const { id } = await startBatch(client.peek(), plan, { uploader, handedOver, onUploaded: setUploaded, signal });
    if (!signal.aborted) location.hash = `#/batches/${id}`;
  });
  const isHandingOver = start.isRunning && plan.source === "files";
  return (
    <form
      class="card submit"
      onSubmit={(event) => {
        event.preventDefault();
        start.run();
      }}
    >
      <div class="grow fields">
        <div class="row">
          <Choice
            label="Pictures from"
            name="source"
            value={plan.source}
            options={[
              ["files", "Files"],
              ["prefix", "A prefix"],
              ["manifest", "A manifest"],
            ]}
            onChange={(source) => change({ source })}
          />
          <Choice
            label="Task"
            name="batch-task"
            value={plan.task}
            options={[
              ["detect", "Detect"],
              ["embed", "Embed"],
            ]}
            onChange={(task) => change({ task })}
          />
        </div>
        {plan.source === "files" ? <Files {...{ plan, change }} /> : <Place {...{ plan, change }} />}
        <label class="field">
          <span>Webhook, told of the end</span>
          <input
            type="url"
            placeholder="https://… (may be left out)"
            value={plan.webhook}
            onInput={(event) => change({ webhook: event.currentTarget.value.trim() })}
          />
        </label>
        {start.fault && <Problem fault={start.fault} />}
        <div class="row end">
          {isHandingOver && <progress value={uploaded} max={plan.files.length} aria-label="Pictures handed over" />}
          <button type="submit" class="primary" disabled={!isReady(plan) || start.isRunning}>
            {isHandingOver ? `${uploaded} of ${plan.files.length} handed over` : "Start the batch"}
          </button>
        </div>
      </div>
    </form>
  );
}

function isReady({ source, files, place }: BatchPlan): boolean {
  return source === "files" ? files.length > 0 : place.trim() !== "";
}

interface SourceProps {
  readonly plan: BatchPlan;
  readonly change: (changes: Partial<BatchPlan>) => void;
}

function Files({ plan: { files }, change }: SourceProps) {
  return (
    <ManyPictures
      label="Choose the pictures of the batch"
      title="Drop pictures here"
      hint={`up to ${mostFiles}, or choose them`}
      class="low"
      most={mostFiles}
      beyond="Put more into a bucket, and name its prefix."
      files={files}
      onFiles={(chosen) => change({ files: chosen })}
    />
  );
}

function Place({ plan: { source, place }, change }: SourceProps) {
  return (
    <label class="field">
      <span>{source === "prefix" ? "Bucket and prefix" : "Bucket and key of the NDJSON file"}</span>
      <input
        required
        placeholder={source === "prefix" ? "photos/2026/" : "photos/lists/2026.ndjson"}
        value={place}
        onInput={(event) => change({ place: event.currentTarget.value })}
      />
    </label>
  );
}
