import type { Batch } from "@facefleet/client";
import { ListPage, NamedLink } from "../parts/list-page.js";
import { Tag } from "../parts/tag.js";
import { ago } from "../parts/words.js";
import { client } from "../service.js";
import { BatchForm } from "./batch-form.js";
import { CountsBar } from "./counts-bar.js";

/** The caller's batches. */
export function BatchesPage() {
  return (
    <ListPage
      title="Batches"
      one="batch"
      states={[
        ["queued", "Queued"],
        ["active", "Active"],
        ["finished", "Finished"],
        ["failed", "Failed"],
        ["canceled", "Canceled"],
      ]}
      form={BatchForm}
      hint="A batch is many pictures at once: files from here, or up to 100,000 in a bucket."
      read={(query) => client.peek().batches(query)}
      table={(batches) => <BatchTable batches={batches} />}
    />
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
              <NamedLink room="batches" of={batch} />
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
