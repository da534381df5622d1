# The gateway in a container: Node 24, the embedded Redis, no root, a health check. Build: docker build -t l2l-gateway .
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The native parts of optional packages are not needed: no compiler, no install scripts.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends redis-server tini ca-certificates \
  && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/l2l-gateway --shell /usr/sbin/nologin gateway
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY src ./src
COPY config /etc/l2l-gateway
ENV NODE_ENV=production
USER gateway
# The journal: what must not be lost. Give it a volume on a local disk.
WORKDIR /var/lib/l2l-gateway
VOLUME /var/lib/l2l-gateway
EXPOSE 8080
# Longer than the gateway's own bound for the call in flight would be better than Docker's 10 s: run with --stop-timeout 75.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health/live').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# What bin/l2l-gateway does: a small young generation halves the resident memory.
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--max-semi-space-size=4", "/app/src/main.ts"]
CMD ["run", "/etc/l2l-gateway/gateway.yaml"]
