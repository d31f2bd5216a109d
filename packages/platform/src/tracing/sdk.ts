import { DiagLogLevel, diag } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, hostDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { type Logger, OccasionalLines } from "../logging/index.js";

/** Makes this process's spans real, and sends them. The SDK itself reads its settings, `OTEL_*`. */
export function registerSdk({ service, logger }: { service: string; logger: Logger }): NodeTracerProvider {
  logFailures(logger);
  const named = resourceFromAttributes({ "service.name": service });
  const provider = new NodeTracerProvider({
    resource: named.merge(detectResources({ detectors: [hostDetector, envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register({ propagator: new W3CTraceContextPropagator() });
  return provider;
}

function logFailures(logger: Logger): void {
  const lines = new OccasionalLines(logger);
  const warn = (message: string) => lines.write("warn", { reason: message }, "spans are not sent");
  const ignore = () => undefined;
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
