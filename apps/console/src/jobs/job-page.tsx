import type { Face, Job, JobResult } from "@facefleet/client";
import { useRef } from "preact/hooks";
import { CopyButton } from "../parts/copy-button.js";
import { CropPicture } from "../parts/crop-picture.js";
import { Fact } from "../parts/fact.js";
import { Icon } from "../parts/icon.js";
import { Problem, StoredProblem } from "../parts/problem.js";
import { Tag } from "../parts/tag.js";
import { useAction } from "../parts/use-action.js";
import { WebhookCard } from "../parts/webhook-card.js";
import { ago, count, dayAndTime, score } from "../parts/words.js";
import { client } from "../service.js";
import { TimeLine } from "./time-line.js";
import { useJob } from "./use-job.js";

/** One job's life. */
export function JobPage({ id }: { readonly id: string }) {
  const { job, fault, again } = useJob(id);
  const { name, ...metadata } = job?.metadata ?? {};
  return (
    <>
      <div class="row heading">
        <a class="button plain back" href="#/jobs" aria-label="All jobs" title="All jobs">
          <Icon name="back" />
        </a>
        <h1 class={name ? "name" : "id"} title={name}>
          {name ?? id}
        </h1>
        {job && <Tag state={job.state} />}
        <span class="grow" />
        {job && <Actions job={job} again={again} />}
      </div>
      {fault && <Problem fault={fault} onAgain={again} />}
      {!job && !fault && <p class="asking">Asking…</p>}
      {job && (
        <>
          <dl class="card facts">
            <Fact name="Task">{job.task}</Fact>
            <Fact name="Submitted">{ago(job.createdAt)}</Fact>
            <Fact name="Attempts">{job.attempts}</Fact>
            {job.expiresAt && <Fact name="Kept until">{dayAndTime(job.expiresAt)}</Fact>}
            {Object.entries(metadata).map(([field, value]) => (
              <Fact key={field} name={field}>
                {value}
              </Fact>
            ))}
            {name && (
              <Fact name="Id">
                <span class="id">{id}</span>
              </Fact>
            )}
          </dl>
          {job.error && <StoredProblem problem={job.error} />}
          <TimeLine job={job} />
          {job.result && <Result result={job.result} />}
          {job.webhook && <WebhookCard id={id} hasEnded={job.finishedAt !== undefined} />}
        </>
      )}
    </>
  );
}

function Actions({ job, again }: { readonly job: Job; readonly again: () => void }) {
  const act = useAction(async () => {
    if (job.state === "failed") await client.peek().retry(job);
    else await client.peek().cancel(job);
    again();
  });
  if (job.state !== "failed" && job.finishedAt) return job.result ? <Erase job={job} /> : null;
  return (
    <>
      {act.fault && <Problem fault={act.fault} />}
      <button type="button" onClick={act.run} disabled={act.isRunning} class={job.state === "failed" ? "primary" : ""}>
        {job.state === "failed" ? (
          <>
            <Icon name="again" /> Try it again
          </>
        ) : (
          "Cancel it"
        )}
      </button>
    </>
  );
}

/** An erased job is no more, so that there is nothing left to show. */
function Erase({ job }: { readonly job: Job }) {
  const question = useRef<HTMLDialogElement>(null);
  const erase = useAction(async (signal) => {
    await client.peek().cancel(job);
    if (!signal.aborted) location.hash = "#/jobs";
  });
  return (
    <>
      <button type="button" onClick={() => question.current?.showModal()}>
        Erase its result
      </button>
      <dialog ref={question} class="dialog" aria-labelledby="erase-title">
        <form method="dialog">
          <h2 id="erase-title">Erase its result?</h2>
          <p class="quiet">The job goes with it, and nobody can bring it back.</p>
          {erase.fault && <Problem fault={erase.fault} />}
          <div class="row end">
            <button type="submit">Keep it</button>
            <button type="button" class="danger" onClick={erase.run} disabled={erase.isRunning}>
              Erase it
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function Result({ result }: { readonly result: JobResult }) {
  const faces = facesOf(result);
  const text = JSON.stringify(result, undefined, 2);
  return (
    <section class="card" aria-label="Result">
      <div class="row">
        <h2>{faces.length === 0 ? "No face" : count(faces.length, "face")}</h2>
        <span class="grow" />
        <CopyButton text={text} what="the result" />
      </div>
      <ol class="strip">
        {faces.map((face, index) => (
          <li key={`${index} ${face.box.x}`}>
            <span class="tile">
              <CropPicture crop={face.crop} alt={`Face ${index + 1}`} />
              <span>{score(face.confidence)}</span>
            </span>
          </li>
        ))}
      </ol>
      {"decision" in result && (
        <p>
          <Tag state={result.decision} /> at a distance of {result.euclideanDistance.toFixed(3)}
        </p>
      )}
    </section>
  );
}

function facesOf(result: JobResult): readonly Face[] {
  if (!("matches" in result)) return result.faces;
  return [result.probe, ...result.matches].flatMap(({ face }) => (face ? [face] : []));
}
