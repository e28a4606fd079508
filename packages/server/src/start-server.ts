import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { Archive } from './copies/archive.ts';
import { Backups } from './copies/backups.ts';
import { CopyThread } from './copies/thread/copy-thread.ts';
import { ForeignIssuers } from './auth/foreign-issuers.ts';
import { generateKeyPair, loadKeyPair, loadKeyPairFrom } from './auth/keys.ts';
import type { ServerKeys } from './auth/keys.ts';
import { loadListedIssuers } from './auth/listed-issuers.ts';
import { Tokens } from './auth/tokens.ts';
import type { ControlDatabase } from './control/control-database.ts';
import { DataDirectory } from './data-directory.ts';
import { Databases } from './databases.ts';
import { ServerError } from './errors.ts';
import { createHttpApplication } from './gateway/http-application.ts';
import { ModuleHttp } from './gateway/module-http.ts';
import { OpenRequests } from './gateway/open-requests.ts';
import { RequestTurns } from './gateway/request-turns.ts';
import { allRoutes } from './gateway/routes/all-routes.ts';
import { WebSocketGateway } from './gateway/websocket-gateway.ts';
import { formatHostPort, isLoopback, parseListenAddress } from './listen-address.ts';
import type { ListenAddress } from './listen-address.ts';
import { listenError } from './listen-error.ts';
import type { Metrics } from './metrics/metrics.ts';
import { RequestTimes } from './metrics/request-times.ts';
import type { PostgresGateway } from './postgres/postgres-gateway.ts';
import { probePort } from './probe-port.ts';
import { removeUnregistered } from './unregistered-replicas.ts';

/** How long a stop waits for requests that are being answered. */
const DRAIN_MS = 5000;
/** How long a start waits until the folder of an archive or of backups is made. */
const MAKE_FOLDER_MS = 2000;

export interface ServerOptions {
  /** `host:port`; port 0 takes a free one. 127.0.0.1:3000 by default. */
  readonly listenAddress?: string;
  /** Where clients that speak PostgreSQL's protocol find it, on the same host; 0 takes a free port. Nowhere by default. */
  readonly postgresPort?: number;
  /** Where everything is kept; undefined keeps everything in memory and touches no file. */
  readonly dataDir?: string;
  /** Holds `id_ecdsa` and `id_ecdsa.pub`; the data directory by default. */
  readonly keyDir?: string;
  /** The two key files by name, instead of a folder. */
  readonly keyPaths?: { readonly privatePath: string; readonly publicPath: string };
  /** Where databases are archived to, `s3://bucket/prefix` or a folder; what `config.toml` says by default. */
  readonly archive?: string;
  /** The environment: where a bucket's endpoint and credentials are looked for. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Silent by default. */
  readonly log?: Logger;
}

export interface RunningServer extends AsyncDisposable {
  /** `http://host:port` with the port it got. */
  readonly url: string;
  readonly port: number;
  /** `host:port` for clients that speak PostgreSQL's protocol; undefined if there is none. */
  readonly postgresAddress: string | undefined;
  /**
   * Stops: no new requests and connections, those that run are answered, clients are closed with a
   * reason, and what databases committed is on disk. May be called twice.
   */
  close(): Promise<void>;
}

/**
 * Starts a server and waits until it answers. Databases start in the background and on demand.
 * @throws ServerError: an address that cannot be had, an archive that is none, a data directory in use, not ours or not
 * to be written, a configuration or keys that do not read
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const log = options.log ?? pino({ level: 'silent' });
  const address = parseListenAddress(options.listenAddress ?? '127.0.0.1:3000');
  const postgresAddress = options.postgresPort === undefined ? undefined : { ...address, port: options.postgresPort };
  // Before anything is made.
  if (options.archive !== undefined) await checkLocation('--archive', options.archive, options);
  await probePort(address, '--listen-addr');
  if (postgresAddress !== undefined) {
    if (address.port !== 0 && postgresAddress.port === address.port) {
      const message = `--pg-port ${address.port} is the port of --listen-addr, too: choose another one for one of them`;
      throw new ServerError('SERVER_PORT_TAKEN', message);
    }
    await probePort(postgresAddress, '--pg-port');
  }
  const { dataDir } = options;
  const dataDirectory = dataDir === undefined ? DataDirectory.inMemory() : await DataDirectory.open(dataDir);
  let postgres: PostgresGateway | undefined;
  try {
    const { config, control } = dataDirectory;
    if (config.unknownKeys.length > 0) {
      log.warn({ keys: config.unknownKeys }, 'config.toml has keys that mean nothing here');
    }
    if (dataDir !== undefined) await removeLeftovers(dataDir, control, log);
    const { acceptsUnlisted, issuers } = config.identity;
    const listed = await loadListedIssuers(issuers, log);
    const foreignIssuers = new ForeignIssuers({ listed, acceptsUnlisted, log });
    const tokens = new Tokens(await loadKeys(options, config.keys, log), foreignIssuers);
    const copies = await copyLocations(options, dataDirectory);
    const databases = new Databases(dataDirectory, log, copies.archive !== undefined);
    const copyThread = new CopyThread({ ...copies, archiveKeepDays: config.archiveKeepDays, env: options.env ?? {} });
    const archive =
      copies.archive === undefined
        ? undefined
        : new Archive(copyThread, config.archiveIntervalMs, databases, control, log);
    const backups = config.backup && new Backups(config.backup, copyThread, databases, control, log);
    const reportError = (err: unknown): void => log.error({ err }, 'request failed');
    const isOpen = isLoopback(address.host);
    const requestTimes = new RequestTimes();
    let metrics: Promise<Metrics> | undefined;
    const loadMetrics = async (): Promise<Metrics> => {
      const { Metrics } = await import('./metrics/metrics.ts');
      return new Metrics(databases, archive, backups, requestTimes, () => postgres?.counts);
    };
    const context = {
      control,
      databases,
      tokens,
      backups,
      reportError,
      requestTimes,
      metricsText: async (): Promise<string> => (await (metrics ??= loadMetrics())).text(),
      mayCreateDatabases: (identity: string): boolean => isOpen || config.publishers.has(identity),
    };
    const gateway = new WebSocketGateway(context, config.websocket, log);
    const routes = allRoutes(context, gateway.route());
    const modules = new ModuleHttp(context, log);
    const app = createHttpApplication(
      routes,
      context,
      log,
      (request) => WebSocketGateway.takes(request),
      (handler) => {
        const turns = new RequestTurns((request, response) => {
          if (ModuleHttp.takes(request)) void modules.answer(request, response);
          else handler(request, response);
        });
        return (request, response) => turns.receive(request, response);
      },
    );
    app.server.on('upgrade', (request, socket: Socket, head: Buffer) => void gateway.upgrade(request, socket, head));
    const requests = new OpenRequests(app.server);
    if (postgresAddress !== undefined) {
      const { PostgresGateway } = await import('./postgres/postgres-gateway.ts');
      postgres = new PostgresGateway({ control, databases, tokens, reportError });
      postgresAddress.port = await listenPostgres(postgres, postgresAddress);
    }
    await listen(app, address);
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    const url = `http://${formatHostPort(address.host, port)}`;
    const starting = databases.startAll();
    archive?.start();
    backups?.start();
    const boundPostgres = postgresAddress && formatHostPort(postgresAddress.host, postgresAddress.port);
    log.info({ url, postgresAddress: boundPostgres }, 'server listening');

    const stop = async (): Promise<void> => {
      log.info('server stopping');
      gateway.refuse();
      modules.refuse();
      postgres?.refuse();
      foreignIssuers.close();
      const drained = app.close();
      backups?.close();
      await databases.close();
      await starting;
      await archive?.close();
      await copyThread.close();
      await gateway.close();
      await postgres?.close(DRAIN_MS);
      await requests.whenNone(DRAIN_MS);
      // Those that are left are kept open by their clients for a next request.
      app.server.closeAllConnections();
      await drained;
      await dataDirectory.close();
      log.info('server stopped');
    };
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= stop());
    return { url, port, postgresAddress: boundPostgres, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await postgres?.close(0);
    await dataDirectory.close();
    throw error;
  }
}

async function removeLeftovers(dataDir: string, control: ControlDatabase, log: Logger): Promise<void> {
  try {
    const replicas = await removeUnregistered(dataDir, control);
    if (replicas.length > 0) log.info({ replicas }, 'removed what publishes left that did not come to their end');
  } catch (error) {
    log.warn({ err: error }, 'what a publish left that did not come to its end could not be removed');
  }
}

/** Where databases are copied to. @throws ServerError `SERVER_INVALID_ARCHIVE` */
async function copyLocations(
  options: ServerOptions,
  { config }: DataDirectory,
): Promise<{ readonly archive: string | undefined; readonly backups: string | undefined }> {
  const archive = options.archive ?? config.archiveLocation;
  const backups = config.backup?.location;
  if (options.archive === undefined && archive !== undefined) {
    await checkLocation('config.toml: archive.location', archive, options);
  }
  if (backups !== undefined) await checkLocation('config.toml: backup.location', backups, options);
  return { archive, backups };
}

/**
 * Refuses a place that can be none. One that is only out of reach hinders nobody: what is copied there tells of it.
 *
 * @param setting what says the location
 * @throws ServerError `SERVER_INVALID_ARCHIVE`
 */
async function checkLocation(setting: string, location: string, { dataDir, env = {} }: ServerOptions): Promise<void> {
  if (dataDir === undefined) {
    const message = `${setting}: databases in memory are not copied: start the server with a data directory`;
    throw new ServerError('SERVER_INVALID_ARCHIVE', message);
  }
  try {
    const { FolderBlobStore, openBlobStore } = await import('@lightcone/blobs/node');
    const store = openBlobStore(location, env); // asks nothing of it
    if (!(store instanceof FolderBlobStore)) return;
    // A file system of the network may give no answer at all.
    await Promise.race([store.makeRoot(), setTimeout(MAKE_FOLDER_MS, undefined, { ref: false })]);
  } catch (cause) {
    const { code, message } = cause as Error & { readonly code?: string };
    if (code === 'BLOB_FAILED') return;
    throw new ServerError('SERVER_INVALID_ARCHIVE', `${setting}: ${message}`, { cause });
  }
}

function loadKeys(options: ServerOptions, configured: ServerOptions['keyPaths'], log: Logger): Promise<ServerKeys> {
  const paths = options.keyPaths ?? configured;
  if (paths !== undefined) return loadKeyPair(paths.privatePath, paths.publicPath, log);
  const folder = options.keyDir ?? options.dataDir;
  return folder === undefined ? Promise.resolve(generateKeyPair()) : loadKeyPairFrom(folder, log);
}

async function listen(app: ReturnType<typeof createHttpApplication>, { host, port }: ListenAddress): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenError(cause, { host, port }, '--listen-addr');
  }
}

async function listenPostgres(postgres: PostgresGateway, { host, port }: ListenAddress): Promise<number> {
  try {
    return await postgres.listen(host, port);
  } catch (cause) {
    throw listenError(cause, { host, port }, '--pg-port');
  }
}
