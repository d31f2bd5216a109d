# The worker on an NVIDIA GPU, x86-64 only, in two forms; which CUDA each wants is in docs/adr/0022-images.md.
# From the repository's root:
#   docker build -f infra/docker/worker-gpu.Dockerfile --target onnx-cuda -t facefleet/worker-gpu:0.1.0 .
#   docker build -f infra/docker/worker-gpu.Dockerfile --target tfjs-node-gpu -t facefleet/worker-gpu:0.1.0-tfjs .
# Neither has run on a GPU yet, and the stages from "cuda-provider" on have never been built: see the same page.

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

FROM node:24.21.0-bookworm-slim AS app
WORKDIR /app
COPY --from=deployed /deployed ./
COPY --from=deployed /ours ./

# The CUDA provider is too large for npm: the package's own script fetches it, of the same version.
FROM app AS cuda-provider
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/.pnpm/onnxruntime-node@*/node_modules/onnxruntime-node/script/install.js

# Compiled on the system that it will run on, so that it asks for no newer C library.
FROM nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04 AS addon
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ make python3 python3-pip \
 && rm -rf /var/lib/apt/lists/*
COPY --from=pnpm /usr/local/ /usr/local/
COPY infra/tfjs-node /build
ARG LIBTENSORFLOW=tensorflow==2.15.1
RUN node /build/build.mjs --gpu --from "$LIBTENSORFLOW" --to /opt/tfjs-node

FROM nvidia/cuda:12.2.2-cudnn8-runtime-ubuntu22.04 AS tfjs-node-gpu
LABEL org.opencontainers.image.title="facefleet/worker-gpu" \
      org.opencontainers.image.description="The worker of Facefleet on TensorFlow and an NVIDIA GPU" \
      org.opencontainers.image.version="0.1.0"
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH MODELS_DIR=/models WORKER_HOST=0.0.0.0 WORKER_PORT=3001 ENGINE=tfjs-node-gpu
WORKDIR /app
COPY --from=pnpm /usr/local/bin/node /usr/local/bin/node
ENV TFJS_NODE_DIR=/opt/tfjs-node
COPY --from=addon /opt/tfjs-node /opt/tfjs-node
COPY --from=app /app ./
RUN install --directory --owner=1000 --group=1000 /models
USER 1000:1000
EXPOSE 3001
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "node_modules/@facefleet/worker/dist/main.js"]

FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04 AS onnx-cuda
LABEL org.opencontainers.image.title="facefleet/worker-gpu" \
      org.opencontainers.image.description="The worker of Facefleet on ONNX Runtime and an NVIDIA GPU" \
      org.opencontainers.image.version="0.1.0"
ENV NODE_ENV=production PATH=/app/node_modules/.bin:$PATH MODELS_DIR=/models WORKER_HOST=0.0.0.0 WORKER_PORT=3001 ENGINE=onnx-cuda
WORKDIR /app
COPY --from=pnpm /usr/local/bin/node /usr/local/bin/node
COPY --from=cuda-provider /app ./
RUN install --directory --owner=1000 --group=1000 /models
USER 1000:1000
EXPOSE 3001
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "node_modules/@facefleet/worker/dist/main.js"]
