// Writes infra/grafana/dashboards/*.json from the panels below and from docs/runbook.md. With --check nothing is written: it fails and names
// each file that is not as it would be.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "infra", "grafana", "dashboards");
const columns = 24;
const panelSize = { w: 8, h: 7 };
const datasource = { type: "prometheus", uid: "facefleet" };

const rate = (metric, by, filter = "") => `sum by (${by}) (rate(${metric}${filter}[$__rate_interval]))`;
const quantile = (q, metric, by, filter = "") =>
  `histogram_quantile(${q}, ${rate(`${metric}_bucket`, ["le", by].filter(Boolean).join(", "), filter)})`;

const mean = (metric, by, filter = "") =>
  `${rate(`${metric}_sum`, by, filter)} / ${rate(`${metric}_count`, by, filter)}`;

/** A panel: its title, its unit, and what it shows, by legend. */
const panel = (title, unit, queries, more = {}) => ({ title, unit, queries, ...more });

const dashboards = {
  fleet: {
    title: "Facefleet: the fleet",
    panels: [
      panel("Workers ready", "none", { workers: "max(facefleet_workers_ready)" }, { type: "stat" }),
      panel("Age of the next job", "s", {
        "{{priority}}": "max by (priority) (facefleet_queue_oldest_job_age_seconds)",
      }),
      panel("Jobs that wait", "none", { "{{priority}}": "max by (priority) (facefleet_queue_waiting_jobs)" }),
      panel("Jobs submitted", "reqps", {
        "{{task}}, {{priority}}": rate("facefleet_jobs_submitted_total", "task, priority"),
      }),
      panel("Jobs that end", "reqps", { "{{state}}": rate("facefleet_jobs_total", "state") }),
      panel("Failures by code", "reqps", {
        "{{code}}": rate("facefleet_jobs_total", "code", '{state="failed"}'),
      }),
      panel("Failures of our own", "percentunit", { ratio: "facefleet:jobs_failed_by_us:ratio5m" }),
      panel("Jobs in the queue", "none", { "{{state}}": "max by (state) (facefleet_queue_jobs)" }),
      panel("Batches at work", "none", { batches: "max(facefleet_batches_live)" }),
      panel("Requests", "reqps", { "{{route}} {{status}}": rate("facefleet_http_requests_total", "route, status") }),
      panel("Requests, 99 %", "s", {
        "{{route}}": quantile(0.99, "facefleet_http_request_duration_seconds", "route"),
      }),
      panel("Redis memory", "bytes", { "{{kind}}": "max by (kind) (facefleet_redis_memory_bytes)" }),
      panel("Redis may throw jobs away", "none", { yes: "max(facefleet_redis_may_evict)" }, { type: "stat" }),
      panel("Errors of Redis", "reqps", { "{{kind}}": rate("facefleet_redis_errors_total", "kind") }),
      panel("Errors of the object store", "reqps", {
        "{{operation}}": rate("facefleet_store_errors_total", "operation"),
      }),
      panel("Parts away, workers", "none", { "{{part}}": "sum by (part) (facefleet_part_away)" }),
      panel("Jobs given back", "reqps", { "{{code}}": rate("facefleet_jobs_given_back_total", "code") }),
      panel("Engines", "none", {
        "{{engine}} on {{device}}": "sum by (engine, device) (facefleet_engine_info)",
      }),
    ],
  },
  worker: {
    title: "Facefleet: one worker",
    instances: "facefleet_jobs_in_flight",
    panels: [
      panel("Jobs in flight", "none", { jobs: "facefleet_jobs_in_flight$own" }),
      panel("Jobs that end", "reqps", { "{{state}}": rate("facefleet_jobs_total", "state", "$own") }),
      panel("Engine", "none", { "{{engine}} on {{device}}": "facefleet_engine_info$own" }, { type: "stat" }),
      panel("Stages, median", "s", { "{{stage}}": quantile(0.5, "facefleet_job_stage_seconds", "stage", "$own") }),
      panel("Stages, 95 %", "s", { "{{stage}}": quantile(0.95, "facefleet_job_stage_seconds", "stage", "$own") }),
      panel("Items of a batch, mean", "none", { "{{stage}}": mean("facefleet_batch_size", "stage", "$own") }),
      panel("Fill of batches, mean", "percentunit", {
        "{{stage}}": mean("facefleet_batch_fill_ratio", "stage", "$own"),
      }),
      panel("Batches halved for want of memory", "none", {
        "{{stage}}": "sum by (stage) (increase(facefleet_batch_oom_splits_total$own[$__rate_interval]))",
      }),
      panel("Wait for a batch, 95 %", "s", {
        "{{stage}}": quantile(0.95, "facefleet_batch_wait_seconds", "stage", "$own"),
      }),
      panel("Memory of inference", "bytes", {
        "{{kind}}": "facefleet_inference_memory_bytes$own",
        tensors: "facefleet_inference_tensor_bytes$own",
      }),
      panel("Tensors", "none", { tensors: "facefleet_inference_tensors$own" }),
      panel("Event loop, 99 %", "s", {
        worker: "nodejs_eventloop_lag_p99_seconds$own",
        inference: "facefleet_inference_eventloop_lag_p99_seconds$own",
      }),
      panel("Reused results", "reqps", { "{{result}}": rate("facefleet_analysis_cache_total", "result", "$own") }),
      panel("Requests for images and webhooks", "reqps", {
        "{{purpose}} {{outcome}}": rate("facefleet_egress_requests_total", "purpose, outcome", "$own"),
      }),
    ],
  },
  tenants: {
    title: "Facefleet: tenants",
    panels: [
      panel("Jobs submitted", "reqps", { "{{tenant}}": rate("facefleet_tenant_jobs_submitted_total", "tenant") }),
      panel("Jobs that have not ended", "none", { "{{tenant}}": "max by (tenant) (facefleet_tenant_jobs_live)" }),
      panel("Batches that have not ended", "none", { "{{tenant}}": "max by (tenant) (facefleet_tenant_batches_live)" }),
      panel("Memory of Redis", "bytes", { "{{tenant}}": "max by (tenant) (facefleet_tenant_kept_bytes)" }),
      panel("Object store", "bytes", { "{{tenant}}": "max by (tenant) (facefleet_tenant_stored_bytes)" }),
      panel("Uploads", "none", { "{{tenant}}": "max by (tenant) (facefleet_tenant_uploads)" }),
      panel("Requests", "reqps", { "{{tenant}}": rate("facefleet_tenant_requests_total", "tenant") }),
      panel("Requests refused", "reqps", {
        "{{tenant}}: {{code}}": rate("facefleet_tenant_refusals_total", "tenant, code"),
      }),
    ],
  },
  webhooks: {
    title: "Facefleet: webhooks",
    panels: [
      panel("To be delivered", "none", { events: "max(facefleet_webhooks_undelivered)" }),
      panel("Age of the oldest", "s", { age: "max(facefleet_webhook_oldest_undelivered_age_seconds)" }),
      panel("Not taken over yet", "none", { events: "max(facefleet_webhook_outbox_events)" }),
      panel("Attempts", "reqps", { "{{outcome}}": rate("facefleet_webhook_attempts_total", "outcome") }),
      panel("Attempts, 95 %", "s", { duration: quantile(0.95, "facefleet_webhook_attempt_duration_seconds", "") }),
      panel("Batches that end", "reqps", { "{{state}}": rate("facefleet_batches_total", "state") }),
    ],
  },
};

function dashboard(uid, { title, panels, instances }) {
  return {
    uid: `facefleet-${uid}`,
    title,
    tags: ["facefleet"],
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    templating: { list: instances ? [instanceVariable(instances)] : [] },
    panels: panels.map((each, index) => drawn(each, index)),
  };
}

function instanceVariable(metric) {
  return {
    name: "instance",
    type: "query",
    datasource,
    query: { query: `label_values(${metric}, instance)`, refId: "instances" },
    refresh: 2,
  };
}

function drawn({ title, unit, queries, type = "timeseries" }, index) {
  const perRow = columns / panelSize.w;
  return {
    id: index + 1,
    title,
    type,
    datasource,
    gridPos: { ...panelSize, x: (index % perRow) * panelSize.w, y: Math.floor(index / perRow) * panelSize.h },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: Object.entries(queries).map(([legendFormat, query], target) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + target),
      expr: query.replaceAll("$own", '{instance="$instance"}'),
      legendFormat,
    })),
  };
}

/** The runbook as a dashboard, a panel for each section, so that alerts can lead to one: Grafana is where they are looked at. */
function runbook() {
  const [, ...sections] = readFileSync(join(folder, "..", "..", "..", "docs", "runbook.md"), "utf8").split(/^## /m);
  let y = 0;
  const panels = sections.map((section, index) => {
    const [title, ...lines] = section.split("\n");
    const h = Math.ceil(lines.length * 1.2) + 2;
    y += h;
    return {
      id: index + 1,
      title,
      type: "text",
      gridPos: { x: 0, y: y - h, w: columns, h },
      options: { mode: "markdown", content: withoutFiles(lines.join("\n").trim()) },
    };
  });
  return { uid: "facefleet-runbook", title: "Facefleet: runbook", tags: ["facefleet"], schemaVersion: 39, panels };
}

/** Links to files lead nowhere from there. */
function withoutFiles(markdown) {
  return markdown.replace(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, "$1");
}

const files = {
  ...Object.fromEntries(Object.entries(dashboards).map(([name, description]) => [name, dashboard(name, description)])),
  runbook: runbook(),
};
let isStale = false;
for (const [name, content] of Object.entries(files)) {
  const file = join(folder, `${name}.json`);
  const text = `${JSON.stringify(content, null, 2)}\n`;
  if (read(file) === text) continue;
  if (process.argv.includes("--check")) {
    process.stderr.write(`infra/grafana/dashboards/${name}.json is stale: run npm run generate\n`);
    isStale = true;
  } else {
    writeFileSync(file, text);
    process.stdout.write(`infra/grafana/dashboards/${name}.json written\n`);
  }
}
process.exitCode = isStale ? 1 : 0;

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
