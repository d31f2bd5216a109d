import type { Batch, WebhookProgress } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { FaceQueue } from "../jobs/job/face-queue.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import { as, script } from "../redis/script.js";
import type { EventRecords } from "../webhooks/event-records.js";
import { type BatchRecord, batchView, recordOf } from "./batch-record.js";

/** How many items of each of some batches are being worked on. */
const countActive = script(
  { keys: { active: "key" }, args: { ids: ["text"] }, answer: as<number[]>() },
  `
local places, counts = {}, {}
for place, id in ipairs(ids) do places[id], counts[place] = place, 0 end
for _, job in ipairs(redis.call("LRANGE", active, 0, -1)) do
  local place = places[string.match(job, "^[^.]+")]
  if place then counts[place] = counts[place] + 1 end
end
return counts`,
);

/** Batches as their owners see them; another tenant's is like one that never was. */
export class BatchViews {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly queue: FaceQueue,
    private readonly events: EventRecords,
  ) {}

  async record(tenant: string, id: string): Promise<BatchRecord | undefined> {
    const record = recordOf(id, await this.redis.hgetall(this.keys.batch(id)));
    return record?.plan.tenant === tenant ? record : undefined;
  }

  async of(tenant: string, id: string): Promise<Batch | undefined> {
    return (await this.all(tenant, [id]))[0];
  }

  /** Those of some ids, in their order. What the fleet works on is looked through once for all of them. */
  async all(tenant: string, ids: readonly string[]): Promise<(Batch | undefined)[]> {
    const records = await Promise.all(ids.map((id) => this.record(tenant, id)));
    const live = records.filter((record) => record?.finishedAt === undefined);
    const active = await this.#active(live.flatMap((record) => record?.id ?? []));
    return Promise.all(records.map((record) => record && this.#view(record, active.get(record.id) ?? 0)));
  }

  async #view(record: BatchRecord, active: number): Promise<Batch> {
    const webhook = await this.#webhook(record);
    return { ...batchView(record, active), ...(webhook && { webhook }) };
  }

  async #webhook({ plan, event }: BatchRecord): Promise<WebhookProgress | undefined> {
    if (event !== undefined) return this.events.progress(event);
    return plan.webhook && { state: "waiting", attempts: 0 };
  }

  async #active(ids: readonly string[]): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const counts = await countActive.run(this.redis, { active: this.queue.toKey("active") }, { ids });
    return new Map(ids.map((id, place) => [id, counts[place] ?? 0]));
  }
}
