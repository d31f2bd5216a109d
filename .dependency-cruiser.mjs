// Which module may import which: the arrows of ARCHITECTURE.md. `npm run lint` checks them, and every rule is tried by an
// import that it has to refuse (tests/dependency-rules.test.ts).

const tests = "\\.test\\.ts$";

/** Libraries by name: where they are installed, or as they are named where they are not. */
const named = (libraries) => `(^|/node_modules/)(${libraries.join("|")})(/|$)`;

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

/** What a package is made of, besides itself and Node. */
const madeOf = (name, { packages = [], libraries = [] }, comment) =>
  rule(
    `${name}-is-made-of`,
    comment,
    { path: `^packages/${name}/src/`, pathNot: tests },
    {
      pathNot: [`^packages/(${[name, ...packages].join("|")})/`, named([...libraries, "node:.*"])],
      dependencyTypesNot: ["core"],
    },
  );

/** Where libraries are named, and nowhere else. */
const home = (name, libraries, folders, comment) =>
  rule(
    `home-of-${name}`,
    comment,
    { path: "^(apps|packages|bench)/.*src/", pathNot: [tests, ...folders.map((folder) => `^${folder}`)] },
    { path: named(libraries) },
  );

/** The folders of a package, in such an order that each knows only those before it. */
const floors = (root, folders) =>
  folders.slice(0, -1).map((folder, index) => {
    const above = folders.slice(index + 1);
    return rule(
      `${root
        .split("/")
        .filter((name) => !["packages", "src"].includes(name))
        .join("-")}-${folder}-is-below`,
      `${root}/${folder} knows nothing of ${above.join(", ")}.`,
      { path: `^${root}/${folder}/`, pathNot: tests },
      { path: `^${root}/(${above.join("|")})/` },
    );
  });

export default {
  forbidden: [
    rule(
      "packages-know-no-app",
      "Apps are programs: packages and benchmarks start them.",
      { path: "^(packages|bench)/.*src/" },
      { path: "^apps/" },
    ),
    rule(
      "apps-know-no-app",
      "What two apps share is a package.",
      { path: "^apps/([^/]+)/src/" },
      { path: "^apps/", pathNot: "^apps/$1/" },
    ),
    rule(
      "sources-know-no-test",
      "What runs imports nothing of the tests.",
      { path: "^(apps|packages|bench)/.*src/", pathNot: tests },
      { path: [tests, "^tests/", "^(apps|packages)/[^/]+/test/", "^bench/test/"] },
    ),
    madeOf("contracts", { libraries: ["typebox"] }, "contracts knows nothing but itself."),
    madeOf("matching", { packages: ["contracts"] }, "Matching is arithmetic and needs nothing but contracts."),
    madeOf(
      "client",
      { packages: ["contracts"] },
      "The client needs nothing but contracts' types, fetch and Web Crypto.",
    ),
    rule(
      "console-is-made-of",
      "The console speaks to the service through the client alone, and brings little along.",
      { path: "^apps/console/src/", pathNot: tests },
      {
        pathNot: ["^apps/console/src/", "^packages/client/", named(["@facefleet/client", "preact", "@preact/signals"])],
      },
    ),
    madeOf("stack", {}, "stack starts programs and knows none of them."),
    madeOf(
      "core",
      {
        packages: ["contracts", "matching", "models"],
        libraries: ["@tensorflow", "libheif-js", "onnxruntime-node", "protobufjs", "sharp"],
      },
      "core is pure: no HTTP, no Redis, no logging, no metrics.",
    ),
    rule(
      "platform-knows-no-core",
      "core and platform do not know each other.",
      { path: "^packages/platform/src/" },
      { path: "^packages/(core|matching|models|client|stack)/" },
    ),
    rule(
      "api-knows-no-core",
      "The API knows no tensor, no model and no decoder: its image has no native library.",
      { path: "^apps/api/src/" },
      { path: "^packages/(core|models)/" },
    ),
    rule(
      "api-resources-are-above",
      "What all of the API's resources stand on knows none of them.",
      { path: "^apps/api/src/(wire|server|tenancy|pages)/", pathNot: tests },
      { path: "^apps/api/src/(jobs|batches|uploads|webhooks|fleet|synchronous)/" },
    ),
    rule(
      "nets-name-only-ops",
      "A network names nothing but Ops.",
      { path: "^packages/core/src/nets/", pathNot: tests },
      { pathNot: "^packages/core/src/nets/" },
    ),
    rule(
      "engines-keep-their-rooms",
      "Whoever computes does it through InferenceEngine, not on an engine's own parts.",
      { path: "^packages/core/src/[^/]+/", pathNot: "^packages/core/src/engines/" },
      { path: "^packages/core/src/engines/[^/]+/" },
    ),
    home(
      "redis",
      ["bullmq", "ioredis"],
      ["packages/platform/src/queue/", "bench/"],
      "Only the queue names Redis' clients.",
    ),
    home("rates", ["rate-limiter-flexible"], ["packages/platform/src/queue/"], "Only the queue counts in Redis."),
    home("s3", ["@aws-sdk"], ["packages/platform/src/object-store/s3"], "Only the S3 adapter names the AWS SDK."),
    home("addresses", ["ipaddr.js"], ["packages/platform/src/egress/"], "Only the egress guard judges addresses."),
    home(
      "onnx",
      ["onnxruntime-node", "protobufjs"],
      ["packages/core/src/engines/onnx/"],
      "Only an engine's own folder names its library.",
    ),
    home(
      "tensorflow",
      ["@tensorflow"],
      ["packages/core/src/engines/tfjs/"],
      "Only an engine's own folder names its library.",
    ),
    home(
      "pixels",
      ["sharp", "libheif-js"],
      ["packages/core/src/imaging/", "apps/cli/src/submit/", "bench/"],
      "Only core's imaging decodes images; the command line draws on those that it has sent.",
    ),
    home("http", ["fastify", "@fastify"], ["apps/(api|worker)/"], "Only apps speak HTTP."),
    home("logs", ["pino", "pino-pretty"], ["packages/platform/src/logging/"], "Only logging names its library."),
    home("metrics", ["prom-client"], ["packages/platform/src/metrics/", "apps/(api|worker)/"], "Who counts is an app."),
    home(
      "traces",
      ["@opentelemetry/(?!api(/|$)).*"],
      ["packages/platform/src/tracing/"],
      "Only tracing names more of OpenTelemetry than its API.",
    ),
    home("pages", ["preact", "@preact"], ["apps/console/"], "Only the console draws pages in a browser."),
    home("terminal", ["commander", "cli-progress"], ["apps/cli/"], "Only the command line speaks to a terminal."),
    ...floors("packages/platform/src", [
      "egress",
      "config",
      "logging",
      "lifecycle",
      "api-keys",
      "tracing",
      "object-store",
      "queue",
      "uploads",
      "metrics",
    ]),
    ...floors("packages/platform/src/queue", [
      "redis",
      "ledger",
      "results",
      "uploads",
      "webhooks",
      "jobs",
      "batches",
      "fleet",
    ]),
    ...floors("packages/platform/src/queue/jobs", ["job", "admission", "ends", "work", "lookup"]),
    ...floors("packages/core/src", [
      "models",
      "batching",
      "engines",
      "imaging",
      "alignment",
      "detection",
      "embedding",
      "quality",
      "evaluation",
      "pipeline",
      "quantisation",
    ]),
  ],
  options: {
    // TypeScript 7 has no parser that programs can use.
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    // The parser reads no TSX: the build of the console holds it to the same rule.
    exclude: { path: "(^|/)dist/|\\.tsx$" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["source", "import", "node", "default"] },
  },
};
