FROM node:24.21.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY plugins plugins
COPY demo demo
RUN npx tsc && npm prune --omit=dev --no-audit --no-fund

FROM node:24.21.0-slim
ENV NODE_ENV=production
WORKDIR /app
# Checkpoints and dead letters; all else may be read-only.
RUN mkdir data && chown node:node data
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY plugins plugins
COPY configs configs
COPY samples samples
USER node
VOLUME /app/data
# Where the pages, /healthz, /readyz and /metrics are, for whom the container is open to: they ask for no credentials.
ENV PIPELINE_LISTEN=0.0.0.0:9464
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9464/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# By itself, Node 24 would take up to 100 MB for young objects alone.
ENTRYPOINT ["node", "--max-semi-space-size=8", "dist/src/cli.js"]
CMD ["run", "--continuous"]
