# The worker on a CPU, with the built-in model pack, and the command line that pulls others into MODELS_DIR.
# From the repository's root: docker build -f infra/docker/worker-cpu.Dockerfile -t facefleet/worker-cpu:0.1.0 .

# The stages "pnpm" and "build" are the same in every Dockerfile here, so that they are built once.
FROM node:24.21.0-bookworm-slim AS pnpm
WORKDIR /app
COPY .npmrc package.json pnpm-lock.yaml pnpm-workspace.yaml ./
# The field packageManager has the exact version.
# hadolint ignore=DL3016
RUN npm install --global "$(node -p 'require("./package.json").packageManager')"

FROM pnpm AS build
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store pnpm fetch
COPY . .
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store pnpm install --frozen-lockfile --offline \
 && node_modules/.bin/tsc --build \
 && node apps/console/build.mjs

# What @facefleet/worker-image needs, and what is ours of it apart: a change of sources moves no dependency.
FROM build AS deployed
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store \
    pnpm --config.inject-workspace-packages=true --filter @facefleet/worker-image deploy --prod --offline /deployed \
 && mkdir -p /ours/node_modules/.pnpm \
 && mv /deployed/node_modules/.pnpm/@facefleet+* /ours/node_modules/.pnpm/ \
 && find /deployed/node_modules -type f \( -name '*.map' -o -name '*.d.*ts' -o -name '*.d.ts' \) -delete \
 # Benchmarks are for developers.
 && rm -r /ours/node_modules/.pnpm/@facefleet+bench@* \
 # ONNX Runtime's package brings its libraries for every system: 240 MB of them are not this one's.
 && find /deployed/node_modules/.pnpm/onnxruntime-node@*/node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 \
      -not -path "*/linux/$(node -p process.arch)" -exec rm -r {} +

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="facefleet/worker-cpu" \
      org.opencontainers.image.description="The worker of Facefleet, a fleet for face detection and face embeddings" \
      org.opencontainers.image.version="0.1.0"
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH MODELS_DIR=/models WORKER_HOST=0.0.0.0 WORKER_PORT=3001
WORKDIR /app
COPY --from=deployed /deployed ./
COPY --from=deployed /ours ./
RUN install --directory --owner=1000 --group=1000 /models
USER 1000:1000
EXPOSE 3001
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "node_modules/@facefleet/worker/dist/main.js"]
