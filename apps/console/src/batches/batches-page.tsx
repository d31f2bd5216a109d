import type { Batch, BatchState } from "@facefleet/client";
import { useState } from "preact/hooks";
import { Choice } from "../parts/choice.js";
import { firstOf } from "../parts/first-of.js";
import { Problem } from "../parts/problem.js";
import { Tag } from "../parts/tag.js";
import { usePolled } from "../parts/use-polled.js";
import { ago } from "../parts/words.js";
import { client } from "../service.js";
import { BatchForm } from "./batch-form.js";
import { CountsBar } from "./counts-bar.js";

const filters = [
  ["all", "All"],
  ["active", "Active"],
  ["finished", "Finished"],
  ["failed", "Failed"],
  ["canceled", "Canceled"],
] as const;

const pageSize = 50;

/** The caller's batches, newest first. */
export function BatchesPage() {
  const [filter, setFilter] = useState<BatchState | "all">("all");
  const [most, setMost] = useState(pageSize);
  const [isStarting, setStarting] = useState(false);
  const state = filter === "all" ? undefined : filter;
  const { value, fault, again } = usePolled(`${filter} ${most}`, 3000, (signal) =>
    firstOf(client.peek().batches({ state, pageSize, signal }), most),
  );
  return (
    <>
      <div class="row heading">
        <h1>Batches</h1>
        <span class="grow" />
        <Choice
          label="Which batches"
          name="filter"
          value={filter as (typeof filters)[number][0]}
          options={filters}
          onChange={setFilter}
        />
        <button
          type="button"
          class={isStarting ? "" : "primary"}
          aria-expanded={isStarting}
          onClick={() => setStarting(!isStarting)}
        >
          New batch
        </button>
      </div>
      {isStarting && <BatchForm />}
      {fault && <Problem fault={fault} onAgain={again} />}
      {!value && !fault && <p class="asking">Asking…</p>}
      {value && value.length === 0 && (
        <section class="empty">
          <p>{filter === "all" ? "There is no batch yet." : `No batch is ${filter}.`}</p>
          <p class="quiet">A batch is many pictures at once: files from here, or up to 100,000 in a bucket.</p>
        </section>
      )}
      {value && value.length > 0 && <BatchTable batches={value} />}
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

function BatchTable({ batches }: { readonly batches: readonly Batch[] }) {
  return (
    <table class="card list">
      <caption class="hidden">Batches, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Batch</th>
          <th scope="col">State</th>
          <th scope="col">Task</th>
          <th scope="col">Started</th>
          <th scope="col">Items</th>
        </tr>
      </thead>
      <tbody>
        {batches.map((batch) => (
          <tr key={batch.id}>
            <td>
              <a
                href={`#/batches/${batch.id}`}
                class={batch.metadata?.name ? "name" : "id"}
                title={batch.metadata?.name}
              >
                {batch.metadata?.name ?? batch.id}
              </a>
            </td>
            <td>
              <Tag state={batch.state} /> <span class="quiet small">{batch.error?.code ?? batch.heldUpBy?.code}</span>
            </td>
            <td>{batch.task}</td>
            <td>{ago(batch.createdAt)}</td>
            <td class="wide">
              <CountsBar counts={batch.counts} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
