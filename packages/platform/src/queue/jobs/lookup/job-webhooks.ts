import { ProblemError, type WebhookAttempts } from "@facefleet/contracts";
import type { EventRecords } from "../../webhooks/event-records.js";
import { erased } from "../ends/outcomes.js";
import type { JobSightings, Sighting } from "./job-sightings.js";

/** What became of the announcement of a job's end. */
export class JobWebhooks {
  constructor(
    private readonly sightings: JobSightings,
    private readonly events: EventRecords,
  ) {}

  /** @throws ProblemError `webhook_absent` */
  async attempts(tenant: string, id: string): Promise<WebhookAttempts | undefined> {
    const sighting = await this.#find(tenant, id);
    if (!sighting || sighting.view === erased) return undefined;
    const { webhook } = sighting.view;
    if (!webhook) throw webhookAbsent("a job that was submitted with `webhook`");
    return sighting.event === undefined ? { state: webhook.state, attempts: [] } : this.events.attempts(sighting.event);
  }

  /** @throws ProblemError `webhook_absent` */
  async resend(tenant: string, id: string): Promise<WebhookAttempts | undefined> {
    const sighting = await this.#find(tenant, id);
    if (!sighting || sighting.view === erased) return undefined;
    if (sighting.event === undefined) throw webhookAbsent("a job that was submitted with `webhook` and that has ended");
    await this.events.resend(sighting.event);
    return this.events.attempts(sighting.event);
  }

  #find(tenant: string, id: string): Promise<Sighting | undefined> {
    return this.sightings.of(tenant, id, { withResult: false });
  }
}

export function webhookAbsent(expected: string): ProblemError {
  return new ProblemError("webhook_absent", `Expected ${expected} but received another one.`);
}
