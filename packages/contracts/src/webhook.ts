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
