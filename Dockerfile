FROM node:26.10.0-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY plugins plugins
COPY demo demo
RUN npx tsc
# Without them (--build-arg CHARTS=), /dashboards and `report` draw nothing, and the image adds 16 MB to Node's, not 32.
ARG CHARTS="vega vega-lite @resvg/resvg-js"
# Their versions are those of package-lock.json. What only compilers and debuggers read stays behind.
RUN charts=$(node -p "const { packages } = require('./package-lock.json'); \
    process.argv.slice(1).map((name) => name + '@' + packages['node_modules/' + name].version).join(' ')" $CHARTS) \
  && rm -rf node_modules \
  && npm install --no-save --save-prod --omit=dev --no-audit --no-fund $charts \
  && find node_modules dist -type f \
    \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.md' \) -delete

FROM node:26.10.0-slim
# Every thread would hold on to memory of its own.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1
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
# Bash itself asks: a process of Node every ten seconds would cost more than the sidecar does.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PIPELINE_LISTEN##*:} && printf 'GET /healthz HTTP/1.0\\r\\nhost: localhost\\r\\n\\r\\n' >&3 && read -rt 2 _ status _ <&3 && [[ $status = 200 ]]"]
# By itself, Node would take up to 100 MB for young objects alone.
ENTRYPOINT ["node", "--max-semi-space-size=8", "dist/src/cli.js"]
CMD ["run", "--continuous"]
