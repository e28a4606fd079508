# One image: the server and the CLI. The server keeps its data in /data and its keys in /keys.
FROM node:24-slim
WORKDIR /lightcone
COPY . .
RUN npx -y pnpm@12.21.0 install --frozen-lockfile && npm run -s build
VOLUME ["/data", "/keys"]
EXPOSE 3000
# Reachable from outside the container, so only identities that /data/config.toml names may create databases.
ENTRYPOINT ["node", "packages/cli/bundle/main.js"]
CMD ["start", "--data-dir", "/data", "--jwt-key-dir", "/keys", "--listen-addr", "0.0.0.0:3000"]
