# The worker, with the command line that pulls its model pack. Build from the repository's root:
# docker build -f infra/docker/worker.Dockerfile .
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN node scripts/bootstrap.mjs \
 && rm -rf node_modules apps/*/node_modules packages/*/node_modules bench/node_modules \
 && CI=true npx --yes "$(node -p 'require("./package.json").packageManager')" \
      install --prod --frozen-lockfile --filter '@facefleet/worker...' --filter '@facefleet/cli...'

FROM node:20-bookworm-slim
ENV NODE_ENV=production MODELS_DIR=/models WORKER_PORT=3001
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=build /app/bench bench
COPY --from=build /app/apps/worker apps/worker
COPY --from=build /app/apps/cli apps/cli
RUN mkdir /models && chown node:node /models
USER node
EXPOSE 3001
HEALTHCHECK --start-period=60s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.WORKER_PORT}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "apps/worker/dist/main.js"]
