import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { ForeignIssuers } from './auth/foreign-issuers.ts';
import { generateKeyPair, loadKeyPair, loadKeyPairFrom } from './auth/keys.ts';
import type { ServerKeys } from './auth/keys.ts';
import { loadListedIssuers } from './auth/listed-issuers.ts';
import { Tokens } from './auth/tokens.ts';
import { DataDirectory } from './data-directory.ts';
import { Databases } from './databases.ts';
import { ServerError } from './errors.ts';
import { createHttpApplication } from './gateway/http-application.ts';
import { ModuleHttp } from './gateway/module-http.ts';
import { OpenRequests } from './gateway/open-requests.ts';
import { allRoutes } from './gateway/routes/all-routes.ts';
import { WebSocketGateway } from './gateway/websocket-gateway.ts';
import { formatHostPort, isLoopback, parseListenAddress } from './listen-address.ts';
import { Metrics } from './metrics.ts';

/** How long a stop waits for requests that are being answered. */
const DRAIN_MS = 5000;

export interface ServerOptions {
  /** `host:port`; port 0 takes a free one. 127.0.0.1:3000 by default. */
  readonly listenAddress?: string;
  /** Where everything is kept; undefined keeps everything in memory and touches no file. */
  readonly dataDir?: string;
  /** Holds `id_ecdsa` and `id_ecdsa.pub`; the data directory by default. */
  readonly keyDir?: string;
  /** The two key files by name, instead of a folder. */
  readonly keyPaths?: { readonly privatePath: string; readonly publicPath: string };
  /** Silent by default. */
  readonly log?: Logger;
}

export interface RunningServer extends AsyncDisposable {
  /** `http://host:port` with the port it got. */
  readonly url: string;
  readonly port: number;
  /**
   * Stops: no new requests and connections, those that run are answered, clients are closed with a
   * reason, and what databases committed is on disk. May be called twice.
   */
  close(): Promise<void>;
}

/**
 * Starts a server and waits until it answers. Databases start in the background and on demand.
 * @throws ServerError: an address that cannot be had, a data directory in use, not ours or not to be written, a configuration or keys that do not read
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const log = options.log ?? pino({ level: 'silent' });
  const address = parseListenAddress(options.listenAddress ?? '127.0.0.1:3000');
  await probePort(address);
  const { dataDir } = options;
  const dataDirectory = dataDir === undefined ? DataDirectory.inMemory() : await DataDirectory.open(dataDir);
  try {
    const { config, control } = dataDirectory;
    const { acceptsUnlisted, issuers } = config.identity;
    const listed = await loadListedIssuers(issuers, log);
    const foreignIssuers = new ForeignIssuers({ listed, acceptsUnlisted, log });
    const tokens = new Tokens(await loadKeys(options, config.keys, log), foreignIssuers);
    const databases = new Databases(dataDirectory, log);
    const isOpen = isLoopback(address.host);
    const context = {
      control,
      databases,
      tokens,
      metrics: new Metrics(databases),
      mayCreateDatabases: (identity: string): boolean => isOpen || config.publishers.has(identity),
    };
    const gateway = new WebSocketGateway(context, config.websocket, log);
    const routes = [gateway.route(), ...allRoutes(context)];
    const modules = new ModuleHttp(context, log);
    const app = createHttpApplication(
      routes,
      context,
      log,
      (request) => WebSocketGateway.takes(request),
      (handler) => (request, response) => {
        if (ModuleHttp.takes(request)) void modules.answer(request, response);
        else handler(request, response);
      },
    );
    app.server.on('upgrade', (request, socket: Socket, head: Buffer) => void gateway.upgrade(request, socket, head));
    const requests = new OpenRequests(app.server);
    await listen(app, address);
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    const url = `http://${formatHostPort(address.host, port)}`;
    const starting = databases.startAll();
    log.info({ url }, 'server listening');

    const stop = async (): Promise<void> => {
      log.info('server stopping');
      gateway.refuse();
      modules.refuse();
      foreignIssuers.close();
      const drained = app.close();
      await databases.close();
      await starting;
      await gateway.close();
      await requests.whenNone(DRAIN_MS);
      // Those that are left are kept open by their clients for a next request.
      app.server.closeAllConnections();
      await drained;
      await dataDirectory.close();
      log.info('server stopped');
    };
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= stop());
    return { url, port, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await dataDirectory.close();
    throw error;
  }
}

function loadKeys(options: ServerOptions, configured: ServerOptions['keyPaths'], log: Logger): Promise<ServerKeys> {
  const paths = options.keyPaths ?? configured;
  if (paths !== undefined) return loadKeyPair(paths.privatePath, paths.publicPath, log);
  const folder = options.keyDir ?? options.dataDir;
  return folder === undefined ? Promise.resolve(generateKeyPair()) : loadKeyPairFrom(folder, log);
}

interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Tries the port before anything else is opened: who starts a second server should hear of the port,
 * which they can change, and not of the data directory, which the first one uses as well.
 */
async function probePort({ host, port }: HostPort): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (cause) {
    throw listenError(cause, { host, port });
  } finally {
    probe.close();
  }
}

async function listen(app: ReturnType<typeof createHttpApplication>, { host, port }: HostPort): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenError(cause, { host, port });
  }
}

function listenError(cause: unknown, { host, port }: HostPort): unknown {
  switch ((cause as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ServerError(
        'SERVER_PORT_TAKEN',
        `port ${port} on ${host} is taken by another program. Stop it, or choose another port with ` +
          `--listen-addr ${formatHostPort(host, port === 65_535 ? 0 : port + 1)} (port 0 takes a free one).`,
        { cause },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ServerError(
        'SERVER_CANNOT_LISTEN',
        `this machine has no address ${host}. Choose one with --listen-addr: 127.0.0.1:${port} is for programs on this ` +
          `machine, 0.0.0.0:${port} for every machine that can reach it.`,
        { cause },
      );
    case 'EACCES':
      return new ServerError(
        'SERVER_CANNOT_LISTEN',
        `this user may not listen on port ${port}. Choose a port from 1024 up with --listen-addr ${formatHostPort(host, 3000)}.`,
        { cause },
      );
    default:
      return cause;
  }
}
