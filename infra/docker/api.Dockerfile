# The API: HTTP, the queue and the store. No library that computes or decodes images is in it.
# From the repository's root: docker build -f infra/docker/api.Dockerfile -t facefleet/api:0.1.0 .

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

# What @facefleet/api needs, and what is ours of it apart: a change of sources moves no dependency.
FROM build AS deployed
RUN --mount=type=cache,id=pnpm,target=/root/.local/share/pnpm/store \
    pnpm --config.inject-workspace-packages=true --filter @facefleet/api deploy --prod --offline /deployed \
 && mkdir -p /ours/node_modules/.pnpm \
 && mv /deployed/node_modules/.pnpm/@facefleet+* /ours/node_modules/.pnpm/ \
 && find /deployed/node_modules -type f \( -name '*.map' -o -name '*.d.*ts' -o -name '*.d.ts' \) -delete \
 && mv /deployed/dist /deployed/package.json /ours/

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="facefleet/api" \
      org.opencontainers.image.description="The API of Facefleet, a fleet for face detection and face embeddings" \
      org.opencontainers.image.version="0.1.0"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=deployed /deployed ./
COPY --from=deployed /ours ./
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --start-period=20s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
