import { trace } from "@opentelemetry/api";
import { type DestinationStream, type Logger, pino } from "pino";
import { prettyFactory } from "pino-pretty";
import type { LogSettings } from "../config/index.js";
import { redactFields } from "./redact.js";
import { serializeError } from "./serialize-error.js";
import { standardOutput } from "./turn-destination.js";

export type { Logger };

export interface LoggerOptions {
  /** Which part of the fleet is speaking: "api", "worker". */
  readonly name: string;
  readonly level: LogSettings["LOG_LEVEL"];
  readonly format: LogSettings["LOG_FORMAT"];
  /** Where lines go; standard output, line by line, when it is not given. */
  readonly destination?: DestinationStream;
}

/** A structured logger that writes neither credentials, nor embeddings, nor the bytes of images. */
export function createLogger({ name, level, format, destination }: LoggerOptions): Logger {
  const output = destination ?? standardOutput();
  const logger = pino(
    {
      name,
      level,
      base: { name },
      mixin: activeSpan,
      formatters: { log: redactFields },
      serializers: { err: serializeError, error: serializeError },
    },
    format === "pretty" ? forPeople(output) : output,
  );
  return redactBindings(logger);
}

/** What leads from a line to the trace that it is part of. */
function activeSpan(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {};
}

/** Pino shows the bindings of child loggers to no formatter. Children inherit the change. */
function redactBindings(logger: Logger): Logger {
  const { child } = logger;
  logger.child = function (this: Logger, bindings, options) {
    return child.call(this, redactFields(bindings), options);
  } as Logger["child"];
  return logger;
}

function forPeople(output: DestinationStream): DestinationStream {
  const prettify = prettyFactory({
    // As NO_COLOR and TERM have it, too.
    colorize: process.stdout.isTTY && process.stdout.hasColors(),
    ignore: "name",
    messageFormat: "{name}: {msg}",
    translateTime: "SYS:HH:MM:ss.l",
    singleLine: true,
  });
  return { write: (line) => output.write(prettify(line)) };
}
