import type { Job } from "@facefleet/client";
import { ListPage, NamedLink } from "../parts/list-page.js";
import { Tag } from "../parts/tag.js";
import { ago, duration } from "../parts/words.js";
import { client } from "../service.js";
import { SubmitForm } from "./submit-form.js";

/** The caller's jobs. */
export function JobsPage() {
  return (
    <ListPage
      title="Jobs"
      one="job"
      states={[
        ["queued", "Queued"],
        ["active", "Active"],
        ["succeeded", "Succeeded"],
        ["failed", "Failed"],
        ["canceled", "Canceled"],
      ]}
      form={SubmitForm}
      hint={
        <>
          What is tried at <a href="#/try">Try</a> is forgotten at once. A job waits for its turn, and its result is
          kept for a while.
        </>
      }
      read={(query) => client.peek().jobs(query)}
      table={(jobs) => <JobTable jobs={jobs} />}
    />
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
              <NamedLink room="jobs" of={job} />
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
