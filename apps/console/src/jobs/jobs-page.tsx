import type { Job, JobState } from "@facefleet/client";
import { useState } from "preact/hooks";
import { Choice } from "../parts/choice.js";
import { firstOf } from "../parts/first-of.js";
import { Problem } from "../parts/problem.js";
import { Tag } from "../parts/tag.js";
import { usePolled } from "../parts/use-polled.js";
import { ago, duration } from "../parts/words.js";
import { client } from "../service.js";
import { SubmitForm } from "./submit-form.js";

const filters = [
  ["all", "All"],
  ["queued", "Queued"],
  ["active", "Active"],
  ["succeeded", "Succeeded"],
  ["failed", "Failed"],
  ["canceled", "Canceled"],
] as const;

const pageSize = 50;

/** The caller's jobs, newest first. */
export function JobsPage() {
  const [filter, setFilter] = useState<JobState | "all">("all");
  const [most, setMost] = useState(pageSize);
  const [isSubmitting, setSubmitting] = useState(false);
  const state = filter === "all" ? undefined : filter;
  const { value, fault, again } = usePolled(`${filter} ${most}`, 3000, (signal) =>
    firstOf(client.peek().jobs({ state, pageSize, signal }), most),
  );
  return (
    <>
      <div class="row heading">
        <h1>Jobs</h1>
        <span class="grow" />
        <Choice label="Which jobs" name="filter" value={filter} options={filters} onChange={setFilter} />
        <button
          type="button"
          class={isSubmitting ? "" : "primary"}
          aria-expanded={isSubmitting}
          onClick={() => setSubmitting(!isSubmitting)}
        >
          New job
        </button>
      </div>
      {isSubmitting && <SubmitForm />}
      {fault && <Problem fault={fault} onAgain={again} />}
      {!value && !fault && <p class="asking">Asking…</p>}
      {value && value.length === 0 && (
        <section class="empty">
          <p>{filter === "all" ? "There is no job yet." : `No job is ${filter}.`}</p>
          <p class="quiet">
            What is tried at <a href="#/try">Try</a> is forgotten at once. A job waits for its turn, and its result is
            kept for a while.
          </p>
        </section>
      )}
      {value && value.length > 0 && <JobTable jobs={value} />}
      {value && value.length >= most && (
        <div class="row center">
          <button type="button" onClick={() => setMost(most + pageSize)}>
            More
          </button>
        </div>
      )}
    </>
  );
}

function JobTable({ jobs }: { readonly jobs: readonly Job[] }) {
  return (
    <table class="card list">
      <caption class="hidden">Jobs, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Job</th>
          <th scope="col">State</th>
          <th scope="col">Task</th>
          <th scope="col">Submitted</th>
          <th scope="col">Took</th>
          <th scope="col">Webhook</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <tr key={job.id}>
            <td>
              <a href={`#/jobs/${job.id}`} class={job.metadata?.name ? "name" : "id"} title={job.metadata?.name}>
                {job.metadata?.name ?? job.id}
              </a>
            </td>
            <td>
              <Tag state={job.state} /> <span class="quiet small">{job.error?.code ?? job.progress?.stage}</span>
            </td>
            <td>{job.task}</td>
            <td>{ago(job.createdAt)}</td>
            <td>{job.finishedAt ? duration(Date.parse(job.finishedAt) - Date.parse(job.createdAt)) : "–"}</td>
            <td>{job.webhook && <Tag state={job.webhook.state} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
