# The Node that the lockfile brings to a checkout, and the Debian that the tests run on.
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /app
# Nothing that is needed here runs an install script.
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM node:${NODE_VERSION}-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional packages are Node itself: the image has its own.
RUN --mount=type=cache,target=/root/.npm \
    NODE_ENV=production npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:${NODE_VERSION}-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="interactions-webhook" \
      org.opencontainers.image.description="Receiver for the Genesys Multicloud CX Interactions Webhook" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
# All of it belongs to root: the service cannot change its own code.
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
# What installs packages goes. A listener in /listeners finds Nest and "interactions-webhook" by the links, in
# the one copy that the service has itself.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* \
           /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
    && ln -s /app node_modules/interactions-webhook \
    && ln -s /app/node_modules /node_modules \
    && mkdir /listeners \
    && install --directory --owner=1000 --group=1000 --mode=0700 /data
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
VOLUME /data
EXPOSE 3000
# By number, so that Kubernetes can tell that it is not root.
USER 1000:1000
STOPSIGNAL SIGTERM
# "live", not "ready": an engine that replaces unhealthy containers would not bring a database back.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1 and gets the signals. Another script can take the place of the last argument.
ENTRYPOINT ["node", "--max-semi-space-size=4", "--max-old-space-size=256"]
CMD ["dist/main.js"]
