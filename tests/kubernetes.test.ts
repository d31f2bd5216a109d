import { readFile } from "node:fs/promises";
import { BlockList, isIPv4 } from "node:net";
import { join } from "node:path";
import { createMetrics } from "@facefleet/platform";
import { beforeAll, describe, expect, it } from "vitest";
import { apiSettings, loadApiConfig } from "../apps/api/src/config.js";
import { cliSettings } from "../apps/cli/src/config.js";
import { loadWorkerConfig, workerSettings } from "../apps/worker/src/config.js";
import { buildHttp } from "../apps/worker/src/http.js";
import { isPublic, parseAddress } from "../packages/platform/src/egress/address-rules.js";
import { cloudAddresses, specialNetworks } from "../packages/platform/test/egress/special-networks.js";
import { payload, QueueBench } from "../packages/platform/test/queue/queue-bench.js";
import {
  type Container,
  containerOf,
  environmentOf,
  faultsOf,
  type Labels,
  labelsOf,
  type Manifest,
  manifestsOf,
  render,
} from "./support/manifests.js";
import { noKubernetesTools, repository, skipped } from "./support/test-data.js";

const overlays = ["overlays/cpu", "overlays/gpu", "example"];
/** The oldest that is promised, and the newest that there is a schema of. */
const versions = ["1.30", "1.37"];

/** What is read neither by the service nor by the command line, but by libraries. */
const nativeSettings = { CUDA_CACHE_PATH: {} };

const known: Readonly<Record<string, object>> = {
  ...apiSettings,
  ...workerSettings,
  ...cliSettings,
  ...nativeSettings,
};
const isSecret = (name: string) => "secret" in (known[name] ?? {});

const isLabelled = (labels: Labels, wanted: Labels) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

const isSkipped = skipped("the manifests for Kubernetes", noKubernetesTools);

describe.skipIf(isSkipped).each(overlays)("the manifests of %s", (overlay) => {
  let rendered = "";
  let all: Manifest[] = [];
  const ofKind = (kind: string) => all.filter((manifest) => manifest.kind === kind);
  const deployments = () => ofKind("Deployment");
  const settings = () => ofKind("ConfigMap")[0]!;
  const configOf = (deployment: Manifest) => {
    const environment = environmentOf(containerOf(deployment), settings());
    if (deployment.metadata.name === "api") {
      const { HOST: host, PORT: port, SHUTDOWN_DEADLINE, SHUTDOWN_DELAY } = loadApiConfig(environment);
      return { host, port, SHUTDOWN_DEADLINE, SHUTDOWN_DELAY };
    }
    const { WORKER_HOST: host, WORKER_PORT: port, SHUTDOWN_DEADLINE } = loadWorkerConfig(environment);
    return { host, port, SHUTDOWN_DEADLINE, SHUTDOWN_DELAY: 0 };
  };

  beforeAll(async () => {
    rendered = await render(overlay);
    all = manifestsOf(rendered);
  });

  it("are valid", async () => {
    expect(await faultsOf(rendered, versions)).toBe("");
    expect(deployments().map(({ metadata }) => metadata.name)).toEqual(["api", "inference", "webhooks"]);
  });

  it("give settings that the processes know and start with", () => {
    const named = deployments().flatMap(({ spec }) => {
      const { initContainers = [], containers } = spec.template.spec;
      return [...initContainers, ...containers].flatMap((container: Container) => container.env ?? []);
    });
    const names = [...named.map(({ name }) => name), ...Object.keys(settings().data ?? {})];
    expect(names.filter((name) => !(name in known))).toEqual([]);
    for (const deployment of deployments()) expect(configOf(deployment).host).toBe("0.0.0.0");
  });

  it("take secrets from Secrets, and have none", () => {
    expect(ofKind("Secret")).toEqual([]);
    expect(Object.keys(settings().data ?? {}).filter(isSecret)).toEqual([]);
    const given = deployments()
      .flatMap((deployment) => containerOf(deployment).env ?? [])
      .filter(({ name }) => isSecret(name));
    expect(given.length).toBeGreaterThan(3);
    for (const { value, valueFrom } of given) {
      expect(value).toBeUndefined();
      expect(valueFrom).toHaveProperty("secretKeyRef");
    }
  });

  it("ask the ports and paths at which processes answer", async () => {
    const { paths } = JSON.parse(await readFile(join(repository, "docs", "openapi.json"), "utf8"));
    const worker = buildHttp({ metrics: createMetrics(), checks: {}, host: "0.0.0.0" });
    for (const deployment of deployments()) {
      const { ports, startupProbe, livenessProbe, readinessProbe } = containerOf(deployment);
      expect(ports).toEqual([{ name: "http", containerPort: configOf(deployment).port }]);
      const asked = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet);
      expect(asked.map((get) => get?.path)).toEqual(["/livez", "/livez", "/readyz"]);
      for (const { path = "", port } of asked.map((get) => get ?? { path: "", port: "" })) {
        expect(port).toBe("http");
        if (deployment.metadata.name === "api") expect(paths).toHaveProperty([path, "get"]);
        else expect((await worker.inject(path)).statusCode).toBe(200);
      }
    }
    await worker.close();
  });

  it("give each process more time to stop than it takes", () => {
    for (const deployment of deployments()) {
      const { terminationGracePeriodSeconds } = deployment.spec.template.spec;
      expect(terminationGracePeriodSeconds).toBeGreaterThan(configOf(deployment).SHUTDOWN_DEADLINE);
    }
    // For the API to be taken out of the Service.
    expect(configOf(deployments()[0]!).SHUTDOWN_DELAY).toBeGreaterThanOrEqual(5);
  });

  it("select pods that there are", () => {
    const selected = ({ matchLabels = {}, matchExpressions = [] }: PodSelector) =>
      deployments()
        .filter((deployment) => isLabelled(labelsOf(deployment), matchLabels))
        .filter((deployment) =>
          matchExpressions.every(({ key, values }) => values.includes(labelsOf(deployment)[key] ?? "")),
        )
        .map(({ metadata }) => metadata.name);
    for (const { metadata, spec } of [...deployments(), ...ofKind("PodDisruptionBudget")]) {
      expect(selected(spec.selector), metadata.name).toEqual([metadata.name]);
    }
    expect(selected({ matchLabels: ofKind("Service")[0]!.spec.selector })).toEqual(["api"]);
    for (const { spec } of ofKind("PodMonitor")) expect(selected(spec.selector)).toHaveLength(3);
    for (const { metadata, spec } of ofKind("NetworkPolicy")) {
      expect(selected(spec.podSelector).length, metadata.name).toBeGreaterThan(0);
    }
  });

  it("have one who says how many pods a Deployment has", () => {
    const scaled = [...ofKind("HorizontalPodAutoscaler"), ...ofKind("ScaledObject")];
    expect(scaled.map(({ spec }) => spec.scaleTargetRef.name)).toEqual(["api", "inference"]);
    const fixed = deployments().filter(({ spec }) => spec.replicas !== undefined);
    expect(fixed.map(({ metadata }) => metadata.name)).toEqual(["webhooks"]);
    for (const { spec } of deployments()) expect(spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
  });

  it("let no container do more than it must", () => {
    for (const { spec } of deployments()) {
      const { securityContext, automountServiceAccountToken, initContainers = [], containers } = spec.template.spec;
      expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      expect(automountServiceAccountToken).toBe(false);
      for (const container of [...initContainers, ...containers]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
        expect(container.resources.limits).toHaveProperty("memory");
      }
    }
  });

  it("run the images of this version", async () => {
    const { version } = JSON.parse(await readFile(join(repository, "package.json"), "utf8"));
    for (const { spec } of deployments()) {
      const { initContainers = [], containers } = spec.template.spec;
      for (const { image } of [...initContainers, ...containers]) expect(image).toMatch(new RegExp(`:${version}$`));
    }
  });
});

interface PodSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

describe.skipIf(isSkipped)("the manifests for a GPU", () => {
  it("ask for one, for an engine that needs it, in the image that has it", async () => {
    const inference = manifestsOf(await render("overlays/gpu")).find(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === "inference",
    )!;
    const { image, resources, env } = containerOf(inference);
    expect(image).toMatch(/worker-gpu:/);
    expect(inference.spec.template.spec).not.toHaveProperty("initContainers");
    expect(resources?.limits).toHaveProperty(["nvidia.com/gpu"], 1);
    expect(env).toContainEqual({ name: "ENGINE", value: "onnx-cuda" });
  });
});

describe.skipIf(isSkipped)("the check of manifests", () => {
  const faults: readonly [right: string, wrong: string, fault: RegExp][] = [
    ["readinessProbe:", "readinesProbe:", /'readinesProbe' was unexpected/],
    ["terminationGracePeriodSeconds: 35", 'terminationGracePeriodSeconds: "35"', /'35' is not/],
    ["autoscaling/v2", "autoscaling/v2beta2", /schema for kind HorizontalPodAutoscaler/],
    ["scaleTargetRef:\n    name: inference", "x: y", /spec.scaleTargetRef/],
    ["minReplicaCount", "minReplicasCount", /minReplicasCount: .* received 2/],
    ["failureThreshold: 3\n    replicas", 'failureThreshold: "3"\n    replicas', /failureThreshold: .*'3'/],
    ["targetLabel", "targetlabel", /targetlabel: .*'job'/],
  ];

  it("finds what is misspelt, missing, of the wrong kind or gone", async () => {
    const documents = (await render("example")).split("\n---\n");
    const broken = faults.flatMap(([right, wrong]) => {
      const concerned = documents.filter((document) => document.includes(right));
      expect(concerned.length, right).toBeGreaterThan(0);
      return concerned.map((document) => document.replaceAll(right, wrong));
    });
    const found = await faultsOf(broken.join("\n---\n"), ["1.37"]);
    for (const [, , fault] of faults) expect(found).toMatch(fault);
  });
});

describe.skipIf(isSkipped)("the way to the internet", () => {
  it("leads to no address that the egress guard refuses for its network", async () => {
    const policies = manifestsOf(await render("overlays/cpu")).filter(({ kind }) => kind === "NetworkPolicy");
    const { to } = policies.find(({ metadata }) => metadata.name === "to-the-internet")!.spec.egress[0];
    const open = new BlockList();
    const closed = new BlockList();
    for (const { ipBlock } of to) {
      addNetwork(open, ipBlock.cidr);
      for (const except of ipBlock.except) addNetwork(closed, except);
    }
    const leads = (address: string) => open.check(address, kindOf(address)) && !closed.check(address, kindOf(address));
    // An address of each network of 65,536, of each network with a purpose, and those of clouds.
    const all = Array.from({ length: 65_536 }, (_, high) => `${high >> 8}.${high & 255}.0.1`);
    const special = Object.keys(specialNetworks).map((cidr) => cidr.slice(0, cidr.indexOf("/")));
    const addresses = [...all, ...special, ...Object.keys(cloudAddresses)];
    const refused = addresses.filter((address) => !isPublic(parseAddress(address)!));
    expect(refused.length).toBeGreaterThan(1000);
    expect(refused.filter(leads)).toEqual([]);
    expect(["93.184.216.34", "2606:2800:220:1::1"].filter(leads)).toHaveLength(2);
  });
});

function addNetwork(list: BlockList, cidr: string): void {
  const [address = "", bits] = cidr.split("/");
  list.addSubnet(address, Number(bits), kindOf(address));
}

const kindOf = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6");

describe.skipIf(isSkipped)("the scaling of workers", () => {
  it("counts the jobs where the queue keeps them", async () => {
    const scaledObject = manifestsOf(await render("overlays/cpu")).find(({ kind }) => kind === "ScaledObject")!;
    const listNames: string[] = scaledObject.spec.triggers.flatMap(
      ({ metadata }: { metadata: { listName?: string } }) => metadata.listName ?? [],
    );
    const bench = new QueueBench();
    const prefix = loadWorkerConfig({}).QUEUE_PREFIX;
    for (const priority of ["interactive", "high", "normal", "low"] as const) {
      await bench.jobs().submit(payload, { priority });
    }
    await bench.queue().add("detect", payload);
    const counts = listNames.map(async (name) => {
      expect(name.startsWith(prefix)).toBe(true);
      const key = name.replace(prefix, bench.settings.QUEUE_PREFIX);
      // As KEDA's scaler does, by the kind of the key.
      return (await bench.redis.type(key)) === "zset" ? bench.redis.zcard(key) : bench.redis.llen(key);
    });
    expect(await Promise.all(counts)).toEqual([4, 1]);
  });
});
