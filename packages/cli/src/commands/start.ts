import { setFlagsFromString } from 'node:v8';
import { Command, Option } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { CliError } from '../errors.ts';
import { versionText } from '../version-text.ts';

interface StartOptions {
  readonly listenAddr?: string;
  readonly dataDir?: string;
  readonly jwtKeyDir?: string;
  readonly jwtPubKeyPath?: string;
  readonly jwtPrivKeyPath?: string;
  readonly inMemory?: boolean;
  readonly pgPort?: string;
  readonly archive?: string;
}

export function startCommand(session: CliSession): Command {
  return (
    new Command('start')
      .description('run a server in the foreground')
      .option('-l, --listen-addr <host:port>', 'where to listen; port 0 takes a free one (default: 127.0.0.1:3000)')
      .option('--data-dir <folder>', 'where everything is kept')
      .option('--jwt-key-dir <folder>', 'where the key pair id_ecdsa, id_ecdsa.pub is kept')
      .option('--jwt-pub-key-path <file>', 'the public key; together with the private one')
      .option('--jwt-priv-key-path <file>', 'the private key')
      .option('--in-memory', 'keep everything in memory; it is gone when the server stops')
      .option('--pg-port <port>', "also speak PostgreSQL's protocol, on this port of the same host: 1024 to 65534")
      .option('--archive <location>', 'copy what databases commit to s3://bucket/prefix or a folder, all the time')
      .addOption(new Option('--edition <edition>').choices(['standalone']).hideHelp())
      // What tools pass that were made for the reference. Memory is not pooled here, there is no such profiler, and
      // nothing is ever asked.
      .addOption(new Option('--page-pool-max-size <size>').hideHelp())
      .addOption(new Option('--page_pool_max_size <size>').hideHelp())
      .addOption(new Option('--enable-tracy').hideHelp())
      .addOption(new Option('--non-interactive').hideHelp())
      .action((options: StartOptions) => runStart(session, options))
  );
}

async function runStart(session: CliSession, options: StartOptions): Promise<void> {
  const { terminal, paths } = session;
  const { jwtPrivKeyPath: privatePath, jwtPubKeyPath: publicPath } = options;
  if ((privatePath === undefined) !== (publicPath === undefined)) {
    throw new CliError('CLI_INVALID_ARGUMENT', '--jwt-priv-key-path and --jwt-pub-key-path must be given together');
  }
  const postgresPort = options.pgPort === undefined ? undefined : readPostgresPort(options.pgPort);
  const { config } = await session.configFile();
  const inMemory = options.inMemory === true;
  const dataDir = inMemory ? undefined : (options.dataDir ?? paths.dataFolder);
  const keyDir = options.jwtKeyDir ?? (inMemory ? undefined : paths.keyFolder);

  terminal.print(versionText());
  terminal.print(
    dataDir === undefined ? 'database running in memory' : `database running in data directory ${dataDir}`,
  );
  keepMemorySmall();
  // Loaded only here: the other commands need no server, and start faster without.
  const [{ collectWhenIdle, startServer }, { serverLog }] = await Promise.all([
    import('@lightcone/server'),
    import('../server-log.ts'),
  ]);
  const server = await startServer({
    listenAddress: options.listenAddr ?? config.listenAddress ?? '127.0.0.1:3000',
    ...(postgresPort === undefined ? {} : { postgresPort }),
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(keyDir === undefined ? {} : { keyDir }),
    ...(privatePath === undefined || publicPath === undefined ? {} : { keyPaths: { privatePath, publicPath } }),
    ...(options.archive === undefined ? {} : { archive: options.archive }),
    env: terminal.environment,
    log: serverLog(terminal),
  });
  // Before the line, since who has read it may at once ask to stop.
  const stopped = terminal.untilStopped();
  if (server.postgresAddress !== undefined) {
    terminal.print(`PostgreSQL wire protocol on ${server.postgresAddress}: the password is a token`);
  }
  // Tools wait for this line, word for word.
  terminal.print(`Starting SpacetimeDB listening on ${server.url.slice('http://'.length)}`);
  letMemoryGrow();
  collectWhenIdle();
  await stopped;
  terminal.note('Stopping...');
  await server.close();
}

/**
 * Has V8 take less memory, in every thread.
 *
 * The young generation stays at its first size, 1 MB, until the server listens. Then it may grow: to 4 MB in the threads of
 * databases, in this one, which has read that limit already, to V8's 16. V8 would let it grow from the beginning, from what
 * is loaded at a start, which all survives, and an idle thread never gives it back: 10 MB each.
 *
 * Hot functions go from the baseline compiler to the best one, without the middle one (Maglev), whose code and work take
 * 10 MB of a server with one module. Under load there is no difference, or a small gain (docs/benchmarks.md).
 */
function keepMemorySmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--max-semi-space-size=4');
  setFlagsFromString('--no-maglev');
}

/** What waits for its turn under load outlives two collections of 1 MB, and then is garbage of the costly kind. */
function letMemoryGrow(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}

function readPostgresPort(text: string): number {
  const port = /^\d{4,5}$/u.test(text) ? Number(text) : 0;
  if (port < 1024 || port > 65_534) {
    throw new CliError('CLI_INVALID_ARGUMENT', `--pg-port ${JSON.stringify(text)}: expected a port from 1024 to 65534`);
  }
  return port;
}
