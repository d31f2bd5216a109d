import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { kubernetesTools, repository } from "./test-data.js";

const folder = join(repository, "infra", "kubernetes");

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly data?: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: its shape is checked by the schemas, before anything is read from it
  readonly spec?: any;
}

export type Labels = Readonly<Record<string, string>>;

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly securityContext?: object;
  readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> };
}

/** What `kubectl apply -k` would send, as text. */
export async function render(overlay: string): Promise<string> {
  const kubectl = join(kubernetesTools, "kubectl");
  return (await promisify(execFile)(kubectl, ["kustomize", join(folder, overlay)])).stdout;
}

export function manifestsOf(rendered: string): Manifest[] {
  return parseAllDocuments(rendered).map((document) => document.toJS());
}

/** What is wrong with manifests by the schemas of some versions of Kubernetes; empty when nothing is. */
export async function faultsOf(rendered: string, versions: readonly string[]): Promise<string> {
  const python = spawn("python3", [join(folder, "checks", "validate.py"), ...versions], {
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", PYTHONPATH: join(kubernetesTools, "python") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  python.stdin.end(rendered);
  const [faults, [status]] = await Promise.all([text(python.stdout), once(python, "exit")]);
  if (status !== (faults.trim() === "" ? 0 : 1)) throw new Error(`Expected a verdict but received status ${status}`);
  return faults.trim();
}

export const labelsOf = (deployment: Manifest): Labels => deployment.spec.template.metadata.labels;

/** The container that does the work. */
export const containerOf = (deployment: Manifest): Container => deployment.spec.template.spec.containers[0];

/** The environment of a container, with something in place of what comes from a Secret. */
export function environmentOf(container: Container, settings: Manifest): Record<string, string> {
  const own = (container.env ?? []).map(({ name, value }) => [name, value ?? secretValue(name)]);
  return { ...settings.data, ...Object.fromEntries(own) };
}

function secretValue(name: string): string {
  return name === "REDIS_URL" ? "rediss://default:secret@redis.example.com:6379" : "secret";
}
