# The API. Build from the repository's root: docker build -f infra/docker/api.Dockerfile .
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN node scripts/bootstrap.mjs \
 && rm -rf node_modules apps/*/node_modules packages/*/node_modules bench/node_modules \
 && CI=true npx --yes "$(node -p 'require("./package.json").packageManager')" \
      install --prod --frozen-lockfile --filter '@facefleet/api...'

FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/packages packages
COPY --from=build /app/apps/api apps/api
USER node
EXPOSE 3000
HEALTHCHECK --start-period=20s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "apps/api/dist/main.js"]
