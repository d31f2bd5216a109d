import type { Readable } from "node:stream";
import type { Job } from "@facefleet/contracts";
import { Type } from "typebox";
import { addressed } from "../addresses/addressed.js";
import { endOfPatience } from "../server/patience.js";
import type { Routes } from "../services.js";
import { AtOnce } from "../tenancy/at-once.js";
import { problemAnswers } from "../wire/problem-schema.js";
import { eventStream, type ServerSentEvent } from "./event-stream.js";
import { JobParams, jobId, jobNotFound } from "./job-address.js";

const heartbeatMs = 15_000;

const EventHeaders = Type.Object({
  "last-event-id": Type.Optional(Type.String({ description: "The last event that a client saw that comes again." })),
});

/** A job's state and progress as they change. */
export const jobEventRoutes: Routes = async (app, { jobs, lines, stopping }) => {
  const streams = new AtOnce({ most: 200, code: "too_many_waits", what: "streams of events" });

  app.get(
    "/v1/jobs/:id/events",
    {
      schema: {
        operationId: "watchJob",
        summary: "Watch a job until its end",
        description:
          "Each event `job` holds the job without its result: at once as it is, then whenever it has changed. The stream closes after the job's end; a client that comes again having seen the end is answered 204, which tells it to stay away.",
        tags: ["jobs"],
        params: JobParams,
        headers: EventHeaders,
        response: {
          200: {
            description: "The events.",
            content: { "text/event-stream": { schema: Type.Unsafe<Readable>(Type.String()) } },
          },
          204: Type.Null({ description: "The client has seen the job's end." }),
          ...problemAnswers,
        },
      },
    },
    async (request, reply) => {
      const id = jobId(request.params);
      streams.enter(request, reply);
      const changes = jobs.events(request.tenant.id, id, endOfPatience(reply, stopping));
      const first = await changes.next();
      if (first.done) throw jobNotFound(id);
      if (first.value.finishedAt && request.headers["last-event-id"] === idOf(first.value)) {
        await changes.return();
        return reply.code(204).send(null);
      }
      const onError = (error: unknown) => {
        lines.write("warn", { requestId: request.id, err: error, jobId: id }, "the events of a job broke off");
      };
      return reply
        .type("text/event-stream")
        .header("cache-control", "no-store")
        .header("x-accel-buffering", "no")
        .send(eventStream(eventsOf(request.publicBase, first.value, changes), { heartbeatMs, onError }));
    },
  );
};

async function* eventsOf(base: string, first: Job, changes: AsyncIterable<Job>): AsyncGenerator<ServerSentEvent> {
  yield eventOf(base, first);
  for await (const job of changes) yield eventOf(base, job);
}

function eventOf(base: string, job: Job): ServerSentEvent {
  return { id: idOf(job), event: "job", data: addressed(base, job) };
}

/** The same for the same state, whichever process says it. */
function idOf({ attempts, state, progress }: Job): string {
  return [attempts, state, ...(progress ? [progress.stage] : [])].join("-");
}
