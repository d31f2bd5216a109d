import type { WebhookAttempts } from "@facefleet/client";
import { client } from "../service.js";
import { Icon } from "./icon.js";
import { Problem } from "./problem.js";
import { Tag } from "./tag.js";
import { useAction } from "./use-action.js";
import { usePolled } from "./use-polled.js";
import { count, duration, timeOfDay, words } from "./words.js";

/** How the announcement of an end went, and to have it made again. */
export function WebhookCard({ id, hasEnded }: { readonly id: string; readonly hasEnded: boolean }) {
  const ask = (signal: AbortSignal) => client.peek().webhookAttempts(id, { signal });
  const isFinal = ({ state }: WebhookAttempts) => state !== "waiting" && state !== "pending";
  const attempts = usePolled(`${id} ${hasEnded}`, 4000, ask, isFinal);
  const resend = useAction(async () => {
    await client.peek().resendWebhook(id);
    attempts.again();
  });
  const { value } = attempts;
  return (
    <section class="card" aria-label="Webhook">
      <div class="row">
        <h2>Webhook</h2>
        {value && <Tag state={value.state} />}
        <span class="grow" />
        {value && value.state !== "waiting" && (
          <button type="button" onClick={resend.run} disabled={resend.isRunning}>
            <Icon name="again" /> Send it again
          </button>
        )}
      </div>
      {(resend.fault ?? attempts.fault) && <Problem fault={(resend.fault ?? attempts.fault)!} />}
      {value && value.attempts.length === 0 && (
        <p class="quiet">{value.state === "waiting" ? "It is sent when the end has come." : "Not sent yet."}</p>
      )}
      {value && value.attempts.length > 0 && (
        <table>
          <caption class="hidden">{count(value.attempts.length, "attempt")}</caption>
          <thead>
            <tr>
              <th scope="col">At</th>
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
              <th scope="col">Next</th>
            </tr>
          </thead>
          <tbody>
            {value.attempts.map(({ at, outcome, status, cause, durationMs, nextAttemptAt }) => (
              <tr key={at}>
                <td>{timeOfDay(at)}</td>
                <td>
                  <Tag state={outcome === "delivered" ? "delivered" : "failed"} />{" "}
                  {outcome !== "delivered" && words(outcome)}{" "}
                  <span class="quiet">{status ?? (cause && words(cause))}</span>
                </td>
                <td>{duration(durationMs)}</td>
                <td>{nextAttemptAt ? timeOfDay(nextAttemptAt) : "–"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
