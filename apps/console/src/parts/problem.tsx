import type { Job } from "@facefleet/client";
import { keyDialogOpen } from "../key/key-dialog.js";
import { type Fault, serviceUrl } from "../service.js";
import { Icon } from "./icon.js";

interface ProblemProps {
  readonly fault: Fault;
  readonly onAgain?: (() => void) | undefined;
}

/** What went wrong, in the service's own words, and what can be done. */
export function Problem({ fault, onAgain }: ProblemProps) {
  const { code, isOfService, title, detail, retryAfterMs, requestId } = fault;
  return (
    <div class="problem" role="alert">
      <Icon name="warning" />
      <div class="grow">
        <strong>{title}</strong>
        {detail && <p>{detail}</p>}
        <p class="quiet small">
          {isOfService ? (
            <a href={`${serviceUrl}/docs/errors#${code}`}>
              <code>{code}</code>
            </a>
          ) : (
            <code>{code}</code>
          )}
          {retryAfterMs !== undefined && <> · the service asks to wait {Math.ceil(retryAfterMs / 1000)} s</>}
          {requestId && (
            <>
              {" "}
              · request <code>{requestId}</code>
            </>
          )}
        </p>
      </div>
      {code === "unauthorized" && (
        <button
          type="button"
          onClick={() => {
            keyDialogOpen.value = true;
          }}
        >
          Give a key
        </button>
      )}
      {onAgain && (
        <button type="button" onClick={onAgain}>
          Try again
        </button>
      )}
    </div>
  );
}

/** What a job or a batch has failed with. */
export function StoredProblem({ problem: { code, title, detail } }: { readonly problem: NonNullable<Job["error"]> }) {
  return <Problem fault={{ code, isOfService: true, title, detail, retryAfterMs: undefined, requestId: undefined }} />;
}
