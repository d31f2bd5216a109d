import { type Static, Type } from "typebox";
import { HttpUrl } from "./http-url.js";

/** Where the end of a job or a batch is announced. */
export const WebhookTarget = Type.Object(
  { url: HttpUrl },
  { $id: "WebhookTarget", additionalProperties: false, description: "Where the end is announced." },
);
export type WebhookTarget = Static<typeof WebhookTarget>;

export const webhookStates = ["waiting", "pending", "delivered", "failed", "disabled"] as const;
export type WebhookState = (typeof webhookStates)[number];

/** How far the announcement of an end has come. */
export const WebhookProgress = Type.Object(
  {
    state: Type.Enum(webhookStates, {
      description:
        "`waiting` for the end; `pending`: to be sent, or sent again; `failed`: given up; `disabled`: the receiver answered 410.",
    }),
    attempts: Type.Integer({ minimum: 0, description: "How often it has been sent." }),
  },
  { $id: "WebhookProgress" },
);
export type WebhookProgress = Static<typeof WebhookProgress>;

export const attemptOutcomes = [
  "delivered",
  "refused",
  "redirected",
  "gone",
  "timeout",
  "unreachable",
  "forbidden",
] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

export const attemptCauses = [
  "dns",
  "refused",
  "no_route",
  "tls",
  "closed",
  "timeout",
  "malformed",
  "forbidden",
  "status",
] as const;
export type AttemptCause = (typeof attemptCauses)[number];

const Timestamp = Type.String({ format: "date-time" });

/** One time that an event was sent. */
export const WebhookAttempt = Type.Object(
  {
    at: Timestamp,
    durationMs: Type.Integer({ minimum: 0 }),
    outcome: Type.Enum(attemptOutcomes, {
      description:
        "`delivered`: answered 2xx; `redirected`: 3xx, which is not followed; `gone`: 410, nothing more is sent there; `refused`: another status; `timeout`: no whole answer in time; `unreachable`: no such host, no connection, or one that broke; `forbidden`: the host is at an address that may not be connected to.",
    }),
    cause: Type.Optional(
      Type.Enum(attemptCauses, {
        description:
          "Why it was not delivered. `dns`: its host's name leads nowhere; `refused`: the connection; `no_route`: there is no way to the host; `tls`: a certificate or a handshake that cannot be trusted; `closed`: the connection, before the answer; `timeout`; `malformed`: the answer is not HTTP; `forbidden`: as the outcome; `status`: the answer's.",
      }),
    ),
    status: Type.Optional(Type.Integer({ description: "What the receiver answered." })),
    nextAttemptAt: Type.Optional(
      Type.String({ format: "date-time", description: "When it was to be sent again, not before." }),
    ),
  },
  { $id: "WebhookAttempt" },
);
export type WebhookAttempt = Static<typeof WebhookAttempt>;

/** The answer of GET and POST /v1/jobs/{id}/webhook-attempts. */
export const WebhookAttempts = Type.Object(
  {
    id: Type.Optional(
      Type.String({ description: "The event's `webhook-id`, the same in each attempt. Absent before the end." }),
    ),
    state: WebhookProgress.properties.state,
    attempts: Type.Array(WebhookAttempt, { description: "Oldest first; the last 100." }),
  },
  { $id: "WebhookAttempts" },
);
export type WebhookAttempts = Static<typeof WebhookAttempts>;

/** The answer of GET /v1/webhook-secret and POST /v1/webhook-secret/rotate. */
export const WebhookSecret = Type.Object(
  {
    secret: Type.String({ description: "What the tenant's events are signed with: `whsec_`, then base64." }),
    createdAt: Timestamp,
    previousUntil: Type.Optional(
      Type.String({ format: "date-time", description: "Until when the secret before this one signs as well." }),
    ),
  },
  { $id: "WebhookSecret" },
);
export type WebhookSecret = Static<typeof WebhookSecret>;
