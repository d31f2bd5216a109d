import type { Batch } from "@facefleet/client";
import { Fact } from "../parts/fact.js";
import { Icon } from "../parts/icon.js";
import { Problem, StoredProblem } from "../parts/problem.js";
import { Tag } from "../parts/tag.js";
import { useAction } from "../parts/use-action.js";
import { usePolled } from "../parts/use-polled.js";
import { WebhookCard } from "../parts/webhook-card.js";
import { ago, count, duration } from "../parts/words.js";
import { client } from "../service.js";
import { ContactSheet } from "./contact-sheet.js";
import { CountsBar, endedOf } from "./counts-bar.js";
import { useRate } from "./use-rate.js";

/** One batch: how far it is, and what was found. */
export function BatchPage({ id }: { readonly id: string }) {
  const look = (signal: AbortSignal) => client.peek().batch(id, { signal });
  const hasEnded = ({ finishedAt }: Batch) => finishedAt !== undefined;
  const { value: batch, fault, again } = usePolled(id, 1500, look, hasEnded);
  return (
    <>
      <div class="row heading">
        <a class="button plain back" href="#/batches" aria-label="All batches" title="All batches">
          <Icon name="back" />
        </a>
        <h1 class={batch?.metadata?.name ? "name" : "id"} title={batch?.metadata?.name}>
          {batch?.metadata?.name ?? id}
        </h1>
        {batch && <Tag state={batch.state} />}
        <span class="grow" />
        {batch && <Actions batch={batch} again={again} />}
      </div>
      {fault && <Problem fault={fault} onAgain={again} />}
      {!batch && !fault && <p class="asking">Asking…</p>}
      {batch && (
        <>
          <Progress batch={batch} />
          {batch.error && <StoredProblem problem={batch.error} />}
          {batch.heldUpBy && <StoredProblem problem={batch.heldUpBy} />}
          <ContactSheet batch={batch} ended={endedOf(batch.counts)} />
          {batch.webhook && <WebhookCard id={id} hasEnded={hasEnded(batch)} />}
        </>
      )}
    </>
  );
}

function Progress({ batch }: { readonly batch: Batch }) {
  const rate = useRate(batch.finishedAt ? undefined : batch);
  const { counts, createdAt, finishedAt } = batch;
  const left = counts.total - endedOf(counts);
  return (
    <section class="card" aria-label="Progress">
      <CountsBar counts={counts} />
      {batch.state === "finished" && counts.total === 0 && <p>There is no picture in it.</p>}
      <dl class="facts">
        <Fact name="Task">{batch.task}</Fact>
        <Fact name="Started">{ago(createdAt)}</Fact>
        {finishedAt ? (
          <Fact name="Took">{duration(Date.parse(finishedAt) - Date.parse(createdAt))}</Fact>
        ) : (
          <>
            <Fact name="Rate">{rate ? `${rate.toFixed(1)} a second` : "–"}</Fact>
            <Fact name="Time left">{rate ? duration((left / rate) * 1000) : "–"}</Fact>
          </>
        )}
        {batch.retries && <Fact name="Tried again">{count(batch.retries, "time")}</Fact>}
        {batch.output && (
          <Fact name="Written to">
            {batch.output.s3.bucket}/{batch.output.s3.prefix}
          </Fact>
        )}
        <Fact name="Id">
          <span class="id">{batch.id}</span>
        </Fact>
      </dl>
    </section>
  );
}

function Actions({ batch, again }: { readonly batch: Batch; readonly again: () => void }) {
  const retry = useAction(async () => {
    await client.peek().retryBatch(batch);
    again();
  });
  const cancel = useAction(async () => {
    await client.peek().cancelBatch(batch);
    again();
  });
  const download = useAction(() => saveResults(batch));
  const fault = retry.fault ?? cancel.fault ?? download.fault;
  return (
    <>
      {fault && <Problem fault={fault} />}
      {!batch.finishedAt && (
        <button type="button" onClick={cancel.run} disabled={cancel.isRunning}>
          Cancel it
        </button>
      )}
      {batch.state === "finished" && batch.counts.failed > 0 && (
        <button type="button" onClick={retry.run} disabled={retry.isRunning}>
          <Icon name="again" /> Try what failed again
        </button>
      )}
      <button type="button" onClick={download.run} disabled={download.isRunning}>
        <Icon name="download" /> {download.isRunning ? "Fetching…" : "NDJSON"}
      </button>
    </>
  );
}

/** The results go into a file of the browser's, which keeps large ones on disk, and from there to the user. */
async function saveResults({ id }: Batch): Promise<void> {
  const file = await new Response(await client.peek().batchResultBytes(id)).blob();
  const url = URL.createObjectURL(file);
  Object.assign(document.createElement("a"), { href: url, download: `${id}.ndjson` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
