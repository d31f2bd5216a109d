import { useState } from "preact/hooks";
import { Choice } from "../parts/choice.js";
import { PictureSlot } from "../parts/picture-slot.js";
import { Problem } from "../parts/problem.js";
import { useAction } from "../parts/use-action.js";
import { client } from "../service.js";

/** A job about a picture that is here. */
export function SubmitForm() {
  const [file, setFile] = useState<File | undefined>();
  const [task, setTask] = useState<"detect" | "embed">("embed");
  const [webhook, setWebhook] = useState("");
  const submit = useAction(async (signal) => {
    if (!file) return;
    const job = await client.peek().submit(
      {
        ...{ task, image: file, options: { crops: true, embeddingFormat: "base64" } },
        ...(webhook && { webhook: { url: webhook } }),
        metadata: { name: file.name.slice(0, 512) },
      },
      { signal },
    );
    if (!signal.aborted) location.hash = `#/jobs/${job.id}`;
  });
  return (
    <form
      class="card submit"
      onSubmit={(event) => {
        event.preventDefault();
        submit.run();
      }}
    >
      <PictureSlot label="Picture" file={file} onFile={setFile} />
      <div class="grow fields">
        <Choice
          label="Task"
          name="task"
          value={task}
          options={[
            ["embed", "Embed"],
            ["detect", "Detect"],
          ]}
          onChange={setTask}
        />
        <label class="field">
          <span>Webhook, told of the end</span>
          <input
            type="url"
            placeholder="https://… (may be left out)"
            value={webhook}
            onInput={(event) => setWebhook(event.currentTarget.value.trim())}
          />
        </label>
        {submit.fault && <Problem fault={submit.fault} />}
        <div class="row end">
          <button type="submit" class="primary" disabled={!file || submit.isRunning}>
            {submit.isRunning ? "Sending…" : "Submit the job"}
          </button>
        </div>
      </div>
    </form>
  );
}
