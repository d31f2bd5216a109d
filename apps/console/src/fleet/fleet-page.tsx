import type { FleetAnswer, Job } from "@facefleet/client";
import { firstOf } from "../parts/first-of.js";
import { Icon } from "../parts/icon.js";
import { Problem } from "../parts/problem.js";
import { usePolled } from "../parts/use-polled.js";
import { ago, count, duration } from "../parts/words.js";
import { client } from "../service.js";
import { fleet, lookAtFleet } from "./fleet-watch.js";
import { LineChart } from "./line-chart.js";

const grafana = document.querySelector<HTMLMetaElement>('meta[name="grafana"]')?.content;

/** What the fleet is doing. */
export function FleetPage() {
  const { answer, fault, moments } = fleet.value;
  return (
    <>
      <div class="row heading">
        <h1>Fleet</h1>
        <span class="grow" />
        {grafana && (
          <a class="button" href={grafana} target="_blank" rel="noopener noreferrer">
            <Icon name="chart" /> Grafana
          </a>
        )}
      </div>
      {fault && <Problem fault={fault} onAgain={lookAtFleet} />}
      {answer && (
        <>
          {answer.paused && (
            <p class="problem" role="status">
              <Icon name="warning" /> Somebody has paused the queue: no worker takes a job.
            </p>
          )}
          <Charts moments={moments} answer={answer} />
          <div class="columns">
            <Workers workers={answer.workers} />
            <Waiting waiting={answer.waiting} answer={answer} />
          </div>
          <Times />
        </>
      )}
      {!answer && !fault && <p class="asking">Asking…</p>}
    </>
  );
}

const perMinute = ({ workers }: FleetAnswer) => workers.reduce((sum, { load }) => sum + load.jobsPerMinute, 0);
const waitingJobs = ({ waiting }: FleetAnswer) => Object.values(waiting).reduce((sum, { jobs }) => sum + jobs, 0);

function Charts({ moments, answer }: { readonly moments: readonly FleetAnswer[]; readonly answer: FleetAnswer }) {
  const chart = (label: string, value: (answer: FleetAnswer) => number) => (
    <LineChart label={label} values={moments.map(value)} now={value(answer).toLocaleString("en")} />
  );
  return (
    <div class="charts">
      {chart("Jobs a minute", perMinute)}
      {chart("Waiting", waitingJobs)}
      {chart("In hand", ({ active }) => active)}
      {chart("Webhooks to send", ({ undelivered }) => undelivered.events)}
    </div>
  );
}

function Workers({ workers }: Pick<FleetAnswer, "workers">) {
  return (
    <section class="card" aria-label="Workers">
      <h2>{workers.length === 0 ? "No worker is ready" : count(workers.length, "worker")}</h2>
      {workers.length === 0 && <p class="quiet">Jobs are taken and wait. Start one, and they are done.</p>}
      <ul class="workers">
        {workers.map(({ id, engine, device, arithmetic, model, startedAt, load }) => (
          <li key={id}>
            <div class="row">
              <strong>{id}</strong>
              <span class="grow" />
              <span class="tag">{engine}</span>
            </div>
            <p class="quiet small">
              {device}
              {arithmetic && ` · ${arithmetic}`} · {model.pack} · started {ago(startedAt)}
            </p>
            <p class="small">
              <b>{load.jobsInFlight}</b> in hand · <b>{load.jobsPerMinute}</b> in the last minute
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Waiting({ waiting, answer }: Pick<FleetAnswer, "waiting"> & { readonly answer: FleetAnswer }) {
  const most = Math.max(...Object.values(waiting).map(({ jobs }) => jobs), 1);
  return (
    <section class="card" aria-label="What waits">
      <h2>What waits</h2>
      <table class="waiting">
        <thead>
          <tr>
            <th scope="col">Priority</th>
            <th scope="col">Jobs</th>
            <th scope="col">Since</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(waiting).map(([priority, { jobs, oldestSeconds }]) => (
            <tr key={priority}>
              <th scope="row">{priority}</th>
              <td>
                <span class="bar" style={{ "--share": jobs / most }} />
                {jobs.toLocaleString("en")}
              </td>
              <td>{jobs > 0 ? duration(oldestSeconds * 1000) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="quiet small">
        {answer.delayed > 0 && `${count(answer.delayed, "job")} for another attempt · `}
        {answer.batches === 0 ? "No batch is running" : `${count(answer.batches, "batch is", "batches are")} running`}
        {answer.undelivered.events > 0 && ` · oldest webhook ${duration(answer.undelivered.oldestSeconds * 1000)}`}
      </p>
    </section>
  );
}

const shares = [0.5, 0.95, 0.99] as const;

/** How long jobs took, of those that the caller has had done. */
function Times() {
  const { value: jobs } = usePolled("times", 15_000, (signal) =>
    firstOf(client.peek().jobs({ state: "succeeded", signal }), 100),
  );
  if (!jobs || jobs.length === 0) return null;
  return (
    <section class="card" aria-label="How long jobs took">
      <h2>How long your last {jobs.length === 1 ? "job" : count(jobs.length, "job")} took</h2>
      <table class="times">
        <thead>
          <tr>
            <th scope="col">Part</th>
            {shares.map((share) => (
              <th key={share} scope="col">
                p{share * 100}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <TimesRow name="waited" jobs={jobs} from="createdAt" to="startedAt" />
          <TimesRow name="worked on" jobs={jobs} from="startedAt" to="finishedAt" />
          <TimesRow name="in all" jobs={jobs} from="createdAt" to="finishedAt" />
        </tbody>
      </table>
    </section>
  );
}

type Time = "createdAt" | "startedAt" | "finishedAt";

function TimesRow({ name, jobs, from, to }: { name: string; jobs: readonly Job[]; from: Time; to: Time }) {
  const times = jobs
    .flatMap((job) => {
      const [start, end] = [job[from], job[to]];
      return start && end ? [Date.parse(end) - Date.parse(start)] : [];
    })
    .sort((a, b) => a - b);
  return (
    <tr>
      <th scope="row">{name}</th>
      {shares.map((share) => (
        <td key={share}>{times.length > 0 ? duration(nearestRank(times, share)) : "–"}</td>
      ))}
    </tr>
  );
}

/** The percentile by nearest rank, of values in order. */
function nearestRank(ordered: readonly number[], share: number): number {
  return ordered[Math.max(Math.ceil(share * ordered.length) - 1, 0)] ?? 0;
}
