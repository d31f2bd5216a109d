import { defaultTenant, type FaceJobPayload, JobOptions } from "@facefleet/contracts";
import { Value } from "typebox/value";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Row } from "../bench-report.js";
import { BenchFleet } from "../fleet/bench-fleet.js";
import { cpuTimes } from "../fleet/cpu-time.js";
import { closedLoop } from "../load/closed-loop.js";
import { HttpConnection, requestBytes } from "../load/http-connection.js";
import { median } from "../load/percentile.js";
import { RawQueue } from "./raw-queue.js";

const clients = 64;
const rounds = 5;
const roundMs = 2000;

const image = { s3: { bucket: "local", key: "photos/portrait.jpg" } };
const payload: FaceJobPayload = {
  tenant: defaultTenant,
  task: "embed",
  images: [image],
  options: Value.Default(JobOptions, {}) as JobOptions,
  resultTtlSeconds: 86_400,
};
const submission = requestBytes({
  method: "POST",
  path: "/v1/jobs",
  contentType: "application/json",
  body: Buffer.from(JSON.stringify({ task: "embed", image })),
});

/** Jobs that the API accepts a second against BullMQ's own `add`, in turns, on one Redis. */
export async function run(context: BenchContext): Promise<BenchReport> {
  const fleet = await BenchFleet.start(context);
  const raw = new RawQueue(fleet.redisUrl);
  try {
    const api = await fleet.startApi();
    const connections = await Promise.all(Array.from({ length: clients }, () => HttpConnection.open(api.port)));
    const pids = {
      "API us/job": [api.pid],
      "Redis us/job": [await fleet.redisPid()],
      "caller us/job": [process.pid],
    };
    const add = () => measure(() => raw.add(payload), pids);
    const submit = () => measure((client) => accepted(connections[client]!), pids);
    await add();
    await submit();
    const turns: { added: Measured; submitted: Measured }[] = [];
    for (let i = 0; i < rounds; i++) turns.push({ added: await add(), submitted: await submit() });
    for (const connection of connections) connection.close();
    return report(turns);
  } finally {
    await raw.close();
    await fleet.stop();
  }
}

interface Measured {
  readonly perSecond: number;
  /** Microseconds of CPU a job, by process; none where the system does not tell. */
  readonly cpu: Readonly<Record<string, number>>;
}

async function measure(
  request: (client: number) => Promise<void>,
  pids: Readonly<Record<string, readonly number[]>>,
): Promise<Measured> {
  const before = await cpuTimes(pids);
  const { perSecond, answered } = await closedLoop({ clients, milliseconds: roundMs, request });
  const after = await cpuTimes(pids);
  const cpu = Object.entries(after).map(([name, time]) => [name, (time! - before[name]!) / answered]);
  return { perSecond, cpu: Object.fromEntries(cpu) };
}

async function accepted(connection: HttpConnection): Promise<void> {
  const { status, body } = await connection.send(submission);
  if (status !== 202) throw new Error(`Expected 202 for a job but received ${status}: ${body}`);
}

function report(turns: readonly { added: Measured; submitted: Measured }[]): BenchReport {
  const added = turns.map((turn) => turn.added);
  const submitted = turns.map((turn) => turn.submitted);
  const ratios = turns.map((turn) => turn.submitted.perSecond / turn.added.perSecond);
  return {
    name: "submit",
    figures: [row("BullMQ add", added), row("POST /v1/jobs", submitted)],
    ratios: [{ name: "API over BullMQ add", value: median(ratios), atLeast: 0.6 }],
  };
}

function row(way: string, measured: readonly Measured[]): Row {
  const names = Object.keys(measured[0]!.cpu);
  const cpu = names.map((name) => [name, Math.round(median(measured.map((one) => one.cpu[name]!)))]);
  const perSecond = Math.round(median(measured.map((one) => one.perSecond)));
  return { way, clients, "jobs/s": perSecond, ...Object.fromEntries(cpu) };
}
