import { readFile } from 'node:fs/promises';
import { DEFAULT_LIMITS, DEFAULT_MAX_UNSYNCED_BYTES, DEFAULT_SNAPSHOT_POLICY } from '@lightcone/engine/gateway';
import type { ModuleLimits, RateLimit, RateLimits, SnapshotPolicy } from '@lightcone/engine';
import { AddressPolicy } from '@lightcone/engine/outgoing-http';
import { TomlError, parse } from 'smol-toml';
import { LOCAL_ISSUER } from './auth/token-claims.ts';
import { ConfigDocument } from './config-document.ts';
import type { ConfigSection } from './config-section.ts';
import { ServerError } from './errors.ts';

/** What `config.toml` in the data directory may set. */
export interface ServerConfig {
  readonly websocket: WebSocketConfig;
  readonly databases: DatabaseConfig;
  /** Key files to use instead of the key directory's. */
  readonly keys: { readonly privatePath: string; readonly publicPath: string } | undefined;
  readonly identity: IdentityConfig;
  /** Where databases are archived to, unless the command line says; undefined for nowhere. */
  readonly archiveLocation: string | undefined;
  /** How often what is new goes to the archive. */
  readonly archiveIntervalMs: number;
  /** Of how many days moments can be restored from the archive; undefined for all. */
  readonly archiveKeepDays: number | undefined;
  /** Where backups are kept; undefined for nowhere. */
  readonly backup: BackupConfig | undefined;
  /** Identities that may create databases on a server that other machines can reach. */
  readonly publishers: ReadonlySet<string>;
  /** What the file has that means nothing here, such as `backup.evry`. */
  readonly unknownKeys: readonly string[];
}

/** What each database may use and let its clients do, and how it keeps its data. */
export interface DatabaseConfig {
  /** What every module may use. */
  readonly limits: ModuleLimits;
  /** What modules may reach over HTTP; undefined for nothing. */
  readonly moduleHttp: ModuleHttpConfig | undefined;
  /** How often clients may ask a database for something; undefined for as often as they like. */
  readonly rateLimits: RateLimits | undefined;
  /** Bytes of records, or of answers, that may wait for a database's disk. */
  readonly maxUnsyncedBytes: number;
  /** Bytes after which a segment of a log is followed by a new one. */
  readonly maxSegmentBytes: number;
  /** When snapshots are taken, and how many are kept. */
  readonly snapshots: SnapshotPolicy;
}

export interface ModuleHttpConfig {
  /** Hosts, addresses and ranges beyond the public internet. */
  readonly allow: readonly string[];
}

export interface BackupConfig {
  /** `s3://bucket/prefix` or a folder. */
  readonly location: string;
  /** How often every database is backed up; undefined for only when somebody asks. */
  readonly everyMs: number | undefined;
  /** How many backups of each database are kept. */
  readonly keep: number;
}

/** Whose tokens are accepted beside the server's own. */
export interface IdentityConfig {
  /** Whether issuers that are not listed are asked for their keys, at public https addresses. */
  readonly acceptsUnlisted: boolean;
  readonly issuers: readonly IssuerConfig[];
}

export interface IssuerConfig {
  /** As it stands in the `iss` of tokens. */
  readonly issuer: string;
  /** A file with its public keys or the secret that it shares with this server; undefined to ask it for its keys. */
  readonly keys: { readonly kind: 'public' | 'secret'; readonly path: string } | undefined;
}

export interface WebSocketConfig {
  readonly pingIntervalMs: number;
  /** A connection from which nothing came for this long is dropped. */
  readonly idleTimeoutMs: number;
  readonly closeHandshakeTimeoutMs: number;
  /** Frames of one connection that wait for the database; one more closes it. */
  readonly incomingQueueLength: number;
  /** Bytes that wait for one client to take them; more drops it. */
  readonly outgoingQueueBytes: number;
}

export const DEFAULT_CONFIG: ServerConfig = Object.freeze({
  websocket: Object.freeze({
    pingIntervalMs: 15_000,
    idleTimeoutMs: 30_000,
    closeHandshakeTimeoutMs: 250,
    incomingQueueLength: 16_384,
    outgoingQueueBytes: 64 * 1024 * 1024,
  }),
  databases: Object.freeze({
    limits: DEFAULT_LIMITS,
    moduleHttp: Object.freeze({ allow: [] }),
    rateLimits: undefined,
    maxUnsyncedBytes: DEFAULT_MAX_UNSYNCED_BYTES,
    maxSegmentBytes: 1024 * 1024 * 1024,
    snapshots: DEFAULT_SNAPSHOT_POLICY,
  }),
  keys: undefined,
  identity: Object.freeze({ acceptsUnlisted: true, issuers: [] }),
  archiveLocation: undefined,
  archiveIntervalMs: 10_000,
  archiveKeepDays: undefined,
  backup: undefined,
  publishers: new Set<string>(),
  unknownKeys: [],
});

/** @throws ServerError `SERVER_INVALID_CONFIG` naming the key; a file that is missing gives the defaults */
export async function readConfig(path: string): Promise<ServerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return DEFAULT_CONFIG;
    throw new ServerError('SERVER_INVALID_CONFIG', `${path} cannot be read: ${message}`, { cause: error });
  }
  return parseConfig(text, path);
}

/** @param path for messages */
export function parseConfig(text: string, path: string): ServerConfig {
  let document: ConfigDocument;
  try {
    document = new ConfigDocument(path, parse(text));
  } catch (cause) {
    throw new ServerError('SERVER_INVALID_CONFIG', `${path}: ${describeTomlError(cause as Error)}`, { cause });
  }
  const websocket = document.section('websocket');
  const modules = document.section('modules');
  const commitlog = document.section('commitlog');
  const authority = document.section('certificate-authority');
  const archive = document.section('archive');
  const defaults = DEFAULT_CONFIG.websocket;
  return Object.freeze({
    websocket: Object.freeze({
      pingIntervalMs: websocket.durationMs('ping-interval', defaults.pingIntervalMs),
      idleTimeoutMs: websocket.durationMs('idle-timeout', defaults.idleTimeoutMs),
      closeHandshakeTimeoutMs: websocket.durationMs('close-handshake-timeout', defaults.closeHandshakeTimeoutMs),
      incomingQueueLength: websocket.count('incoming-queue-length', defaults.incomingQueueLength),
      outgoingQueueBytes: websocket.count('outgoing-queue-bytes', defaults.outgoingQueueBytes),
    }),
    databases: Object.freeze({
      limits: readModuleLimits(modules),
      moduleHttp: readModuleHttp(document.section('module-http')),
      rateLimits: readRateLimits(document),
      maxUnsyncedBytes: MIB * commitlog.count('max-unsynced-mib', defaultUnsyncedMib, 1, 1 << 20),
      maxSegmentBytes: commitlog.count('max-segment-size', DEFAULT_CONFIG.databases.maxSegmentBytes, 4096, 64 * GIB),
      snapshots: readSnapshotPolicy(document),
    }),
    keys: readKeys(authority),
    identity: readIdentity(document.section('identity')),
    archiveLocation: archive.text('location'),
    backup: readBackup(document.section('backup')),
    archiveIntervalMs: archive.durationMs('interval', DEFAULT_CONFIG.archiveIntervalMs),
    archiveKeepDays: readKeepDays(archive),
    publishers: new Set(document.section('publish').identities('allow')),
    // When all others have been asked for.
    unknownKeys: document.unknownKeys(),
  });
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const defaultUnsyncedMib = DEFAULT_MAX_UNSYNCED_BYTES / MIB;
/** A hundred years. */
const MAX_KEEP_DAYS = 36_500;
/** A bucket that takes longer to fill would have to be remembered for longer. */
const MAX_FILL_SECONDS = 3600;

function readRateLimits(document: ConfigDocument): RateLimits | undefined {
  const section = document.section('rate-limits');
  const perConnection = readRateLimit(section, 'per-connection');
  const perIdentity = readRateLimit(section, 'per-identity');
  const named = section.table('functions');
  const functions = new Map<string, RateLimit>();
  for (const name of named.keys()) functions.set(name, readRateLimit(named, name)!); // it has the key
  if (perConnection === undefined && perIdentity === undefined && functions.size === 0) return undefined;
  return Object.freeze({ perConnection, perIdentity, functions });
}

function readRateLimit(section: ConfigSection, key: string): RateLimit | undefined {
  if (!section.has(key)) return undefined;
  const table = section.table(key);
  for (const name of table.keys()) {
    if (name !== 'per-second' && name !== 'burst') throw table.invalid(name, 'expected "per-second" and "burst" alone');
  }
  const perSecond = table.number('per-second');
  const burst = table.count('burst', Math.max(1, Math.ceil(perSecond)));
  if (burst / perSecond > MAX_FILL_SECONDS) {
    throw table.invalid('burst', `it takes more than ${MAX_FILL_SECONDS} s to allow so many again: allow fewer`);
  }
  return Object.freeze({ perSecond, burst });
}

const PAGES_PER_MIB = 16;
const MAX_MEMORY_MIB = 4096; // what 32 bits address
/** Less than this, and modules of a few tables do not get through their initialisation. */
const MIN_ENERGY = 1_000_000;

function readSnapshotPolicy(document: ConfigDocument): SnapshotPolicy {
  const section = document.section('snapshots');
  const { snapshots } = DEFAULT_CONFIG.databases;
  const { everyTransactions, everyBytes, kept, keepsWholeLog } = snapshots;
  return Object.freeze({
    ...snapshots,
    everyTransactions: section.count('every-transactions', everyTransactions),
    everyBytes: MIB * section.count('every-mib', everyBytes / MIB, 1, 1 << 20),
    kept: section.count('keep', kept, 1, 1000),
    keepsWholeLog: document.section('commitlog').boolean('keep-all', keepsWholeLog),
  });
}

function readModuleLimits(modules: ConfigSection): ModuleLimits {
  const { energyPerCall, maxMemoryPages } = DEFAULT_CONFIG.databases.limits;
  return Object.freeze({
    energyPerCall: modules.count('energy-per-call', energyPerCall, MIN_ENERGY),
    maxMemoryPages: PAGES_PER_MIB * modules.count('max-memory-mib', maxMemoryPages / PAGES_PER_MIB, 1, MAX_MEMORY_MIB),
  });
}

function readKeepDays(archive: ConfigSection): number | undefined {
  if (!archive.has('keep-days')) return undefined;
  return archive.count('keep-days', 0, 1, MAX_KEEP_DAYS, '; to keep everything, leave it out');
}

const DEFAULT_BACKUPS_KEPT = 7;

function readBackup(section: ConfigSection): BackupConfig | undefined {
  const keep = section.count('keep', DEFAULT_BACKUPS_KEPT);
  const everyMs = section.has('every') ? section.durationMs('every', 0) : undefined;
  const location = section.text('location');
  if (location !== undefined) return Object.freeze({ location, everyMs, keep });
  if (everyMs !== undefined) throw section.invalid('every', 'needs a location to keep the backups');
  return undefined;
}

function readKeys(authority: ConfigSection): ServerConfig['keys'] {
  const privatePath = authority.text('jwt-priv-key-path');
  const publicPath = authority.text('jwt-pub-key-path');
  if (privatePath === undefined && publicPath === undefined) return undefined;
  if (privatePath === undefined || publicPath === undefined) {
    throw authority.invalid('jwt-priv-key-path', 'and jwt-pub-key-path must be given together');
  }
  return { privatePath, publicPath };
}

function readModuleHttp(section: ConfigSection): DatabaseConfig['moduleHttp'] {
  const isEnabled = section.boolean('enabled', true);
  const allow = section.texts('allow');
  try {
    AddressPolicy.allowing(allow);
  } catch (error) {
    throw section.invalid('allow', (error as Error).message);
  }
  return isEnabled ? { allow } : undefined;
}

function readIdentity(section: ConfigSection): IdentityConfig {
  const issuers = section.tables('issuers').map(readIssuer);
  const twice = issuers.find(({ issuer }, i) => issuers.some((other, j) => j < i && other.issuer === issuer));
  if (twice !== undefined) throw section.invalid('issuers', `${JSON.stringify(twice.issuer)} is listed twice`);
  return Object.freeze({ acceptsUnlisted: section.boolean('accept-unlisted-issuers', true), issuers });
}

function readIssuer(table: ConfigSection): IssuerConfig {
  const issuer = table.text('issuer');
  if (issuer === undefined) throw table.invalid('issuer', 'is missing');
  if (issuer === LOCAL_ISSUER) throw table.invalid('issuer', `"${LOCAL_ISSUER}" is this server itself`);
  const publicPath = table.text('keys-path');
  const secretPath = table.text('hs256-secret-path');
  // A public key must never come to serve as a secret: one issuer has the one or the other.
  if (publicPath !== undefined && secretPath !== undefined) {
    throw table.invalid('keys-path', 'and hs256-secret-path cannot be given together');
  }
  if (publicPath !== undefined) return { issuer, keys: { kind: 'public', path: publicPath } };
  if (secretPath !== undefined) return { issuer, keys: { kind: 'secret', path: secretPath } };
  if (!isHttpUrl(issuer)) {
    throw table.invalid('issuer', `${JSON.stringify(issuer)} is no URL to ask; give keys-path or hs256-secret-path`);
  }
  return { issuer, keys: undefined };
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && /^[\w.:[\]-]+$/u.test(hostname);
}

/** On one line: behind its reason the message has a picture of the place. */
function describeTomlError(error: Error): string {
  const [reason = ''] = error.message.split('\n');
  return error instanceof TomlError ? `line ${error.line}, column ${error.column}: ${reason}` : reason;
}
