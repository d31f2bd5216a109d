# The worker on an NVIDIA GPU, x86-64 only, in two forms; which CUDA each wants is in docs/adr/0022-images.md.
# From the repository's root:
#   docker build -f infra/docker/worker-gpu.Dockerfile --target onnx-cuda -t facefleet/worker-gpu:0.1.0 .
#   docker build -f infra/docker/worker-gpu.Dockerfile --target tfjs-node-gpu -t facefleet/worker-gpu:0.1.0-tfjs .
# Neither has run on a GPU yet, and the stages from "cuda-provider" on have never been built: see the same page.

# The stages "pnpm" and "build" are the same in every Dockerfile here, so that they are built once.
FROM node:20.20.2-bookworm-slim AS pnpm
WORKDIR /app
COPY .npmrc package.json pnpm-lock.yaml pnpm-workspace.yaml ./
# The field packageManager has the exact version.
# hadolint ignore=DL3016
RUN npm install --global "$(node -p 'require("./package.json").packageManager')"

FROM pnpm AS build
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store pnpm fetch
COPY . .
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store pnpm install --frozen-lockfile --offline \
 && node_modules/.bin/tsc --build

# ONNX Runtime's package brings its libraries for every system: 240 MB of them are not this one's.
FROM pnpm AS dependencies
COPY packages/client/package.json packages/client/
COPY packages/contracts/package.json packages/contracts/
COPY packages/core/package.json packages/core/
COPY packages/matching/package.json packages/matching/
COPY packages/models packages/models
COPY packages/platform/package.json packages/platform/
COPY packages/stack/package.json packages/stack/
COPY bench/package.json bench/
COPY apps/cli/package.json apps/cli/
COPY apps/worker/package.json apps/worker/
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store \
    pnpm install --prod --frozen-lockfile --filter '@facefleet/worker...' --filter '@facefleet/cli...' \
 # The root's own are what `npm start` compiles with.
 && rm -rf node_modules/typescript node_modules/@types node_modules/.pnpm/typescript@* node_modules/.pnpm/@typescript+* node_modules/.pnpm/@types+* \
 && find packages/core/node_modules/onnxruntime-node/bin/napi-v6 -mindepth 2 -maxdepth 2 \
      -not -path "*/linux/$(node -p process.arch)" -exec rm -r {} +

FROM dependencies AS app
COPY --from=build /app/packages/client/dist packages/client/dist
COPY --from=build /app/packages/contracts/dist packages/contracts/dist
COPY --from=build /app/packages/core/dist packages/core/dist
COPY --from=build /app/packages/matching/dist packages/matching/dist
COPY --from=build /app/packages/platform/dist packages/platform/dist
COPY --from=build /app/packages/stack/dist packages/stack/dist
COPY --from=build /app/bench/dist bench/dist
COPY --from=build /app/apps/cli/dist apps/cli/dist
COPY --from=build /app/apps/worker/dist apps/worker/dist

# The CUDA provider is too large for npm: the package's own script fetches it, of the same version.
FROM app AS cuda-provider
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node packages/core/node_modules/onnxruntime-node/script/install.js

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
ENV NODE_ENV=production MODELS_DIR=/models WORKER_HOST=0.0.0.0 WORKER_PORT=3001 ENGINE=tfjs-node-gpu
WORKDIR /app
COPY --from=pnpm /usr/local/bin/node /usr/local/bin/node
ENV TFJS_NODE_DIR=/opt/tfjs-node
COPY --from=addon /opt/tfjs-node /opt/tfjs-node
COPY --from=app /app ./
RUN install --directory --owner=1000 --group=1000 /models
USER 1000:1000
EXPOSE 3001
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "apps/worker/dist/main.js"]

FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu22.04 AS onnx-cuda
LABEL org.opencontainers.image.title="facefleet/worker-gpu" \
      org.opencontainers.image.description="The worker of Facefleet on ONNX Runtime and an NVIDIA GPU" \
      org.opencontainers.image.version="0.1.0"
ENV NODE_ENV=production MODELS_DIR=/models WORKER_HOST=0.0.0.0 WORKER_PORT=3001 ENGINE=onnx-cuda
WORKDIR /app
COPY --from=pnpm /usr/local/bin/node /usr/local/bin/node
COPY --from=cuda-provider /app ./
RUN install --directory --owner=1000 --group=1000 /models
USER 1000:1000
EXPOSE 3001
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "apps/worker/dist/main.js"]
