import { readFile } from 'node:fs/promises';
import { DEFAULT_LIMITS, DEFAULT_MAX_UNSYNCED_BYTES, DEFAULT_SNAPSHOT_POLICY } from '@lightcone/engine/gateway';
import type { ModuleLimits, RateLimit, RateLimits, SnapshotPolicy } from '@lightcone/engine';
import { AddressPolicy } from '@lightcone/engine/outgoing-http';
import { parse } from 'smol-toml';
import type { ModuleHttp } from './database-thread/messages.ts';
import { LOCAL_ISSUER } from './auth/token-claims.ts';
import { parseDurationMs } from './duration.ts';
import { ServerError } from './errors.ts';

/** What `config.toml` in the data directory may set. */
export interface ServerConfig {
  readonly websocket: WebSocketConfig;
  /** What every module may use. */
  readonly moduleLimits: ModuleLimits;
  /** Key files to use instead of the key directory's. */
  readonly keys: { readonly privatePath: string; readonly publicPath: string } | undefined;
  /** What modules may reach over HTTP; undefined for nothing. */
  readonly moduleHttp: ModuleHttp | undefined;
  readonly identity: IdentityConfig;
  /** How often clients may ask a database for something; undefined for as often as they like. */
  readonly rateLimits: RateLimits | undefined;
  /** Bytes of records, or of answers, that may wait for a database's disk. */
  readonly maxUnsyncedBytes: number;
  /** Bytes after which a segment of a log is followed by a new one. */
  readonly maxSegmentBytes: number;
  /** Where databases are archived to, unless the command line says; undefined for nowhere. */
  readonly archiveLocation: string | undefined;
  /** How often what is new goes to the archive. */
  readonly archiveIntervalMs: number;
  /** When snapshots are taken, and how many are kept. */
  readonly snapshots: SnapshotPolicy;
  /** Where backups are kept; undefined for nowhere. */
  readonly backup: BackupConfig | undefined;
  /** Identities that may create databases on a server that other machines can reach. */
  readonly publishers: ReadonlySet<string>;
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
  moduleLimits: DEFAULT_LIMITS,
  keys: undefined,
  moduleHttp: Object.freeze({ allow: [] }),
  identity: Object.freeze({ acceptsUnlisted: true, issuers: [] }),
  rateLimits: undefined,
  maxUnsyncedBytes: DEFAULT_MAX_UNSYNCED_BYTES,
  maxSegmentBytes: 1024 * 1024 * 1024,
  snapshots: DEFAULT_SNAPSHOT_POLICY,
  archiveLocation: undefined,
  archiveIntervalMs: 10_000,
  backup: undefined,
  publishers: new Set<string>(),
});

/** The text of a new data directory's `config.toml`. */
export const CONFIG_TEMPLATE = `# Lightcone server configuration. Every key may be left out; the values below are the defaults.

[websocket]
# ping-interval = "15s"
# idle-timeout = "30s"
# close-handshake-timeout = "250ms"
# incoming-queue-length = 16384
# outgoing-queue-bytes = 67108864

[rate-limits]
# How often clients may ask a database for something: so many times a second, and as many as "burst" at once. What is
# over it is answered with an error, over HTTP with 429. Nothing is limited by default.
# Calls, subscriptions and queries of one connection, and of one identity over all its connections and requests:
# per-connection = { per-second = 200, burst = 400 }
# per-identity = { per-second = 500, burst = 1000 }

[rate-limits.functions]
# Calls of a reducer or procedure by one identity, in whatever database has a function of that name:
# send_message = { per-second = 5, burst = 10 }

[commitlog]
# When more than this waits to be synced, calls are refused until the disk has caught up.
# max-unsynced-mib = 256
# A file of the log that has this many bytes is followed by a new one.
# max-segment-size = 1073741824
# Whether the log is kept from the first transaction on. Else what is older than the snapshots that are kept is removed,
# so that the disk use of a busy database levels off; an archive, if there is one, has it first.
# keep-all = false

[snapshots]
# Of what is in memory, taken while transactions go on: a database starts from the newest one and the log after it.
# One is taken after so many transactions, or so much log, whichever is first.
# every-transactions = 1000000
# every-mib = 256
# How many are kept. With two a database also starts if the newest is damaged or incomplete. They share what did not
# change between them, so against a disk that goes bad keep an archive or backups.
# keep = 2

[archive]
# Where everything that databases commit is copied to, so that they can be brought back as they were at any moment:
# a bucket, with endpoint and credentials in the environment (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, ...), or a folder.
# location = "s3://bucket/prefix"
# How often: no more than this is missing from it, unless it cannot be reached.
# interval = "10s"

[backup]
# Where backups are kept, as for the archive; owners of databases make them with \`spacetime backup create\`.
# location = "/var/backups/lightcone"
# How many of each database are kept; one more, and the oldest goes.
# keep = 7
# How often every database is backed up without anybody asking, for example \`every = "1d"\`; never by default.

[modules]
# What one call of a module may use: about one unit for each instruction that it executes. An endless loop burns the
# default in some ten seconds. With less than a module needs to start, its database does not start either.
# energy-per-call = 20000000000
# What the memory of a module's instance may grow to, in MiB.
# max-memory-mib = 1024

[module-http]
# Whether procedures and HTTP handlers of modules may send HTTP requests. They reach the public internet
# alone, no addresses of this machine or of private networks, but for the hosts, addresses and ranges
# that you allow.
# enabled = true
# allow = ["api.internal", "10.1.2.3", "10.4.0.0/16"]

[publish]
# Who may create databases when other machines can reach this server (a listen address that is not
# loopback): identities as \`spacetime login show\` prints them. A loopback server lets everybody.
# allow = ["c200..."]

[identity]
# Whose tokens are accepted beside those that this server makes itself. Every OpenID Connect issuer is asked for its
# keys, if it is reached over https at a public address; false: only those that are listed below.
# accept-unlisted-issuers = true

# An issuer as it stands in the \`iss\` of its tokens. It may be on this machine or a private network, and without TLS.
# [[identity.issuers]]
# issuer = "http://localhost:8080/realms/dev"
# It is not asked if its keys are here: a file with PEM public keys or a JWK set, or with the secret that it shares
# with this server (HS256).
# [[identity.issuers]]
# issuer = "https://project.example/auth/v1"
# keys-path = "/path/to/keys.json"
# hs256-secret-path = "/path/to/secret"

[certificate-authority]
# jwt-priv-key-path = "/path/to/id_ecdsa"
# jwt-pub-key-path = "/path/to/id_ecdsa.pub"
`;

/** @throws ServerError `SERVER_INVALID_CONFIG` naming the key; a file that is missing gives the defaults */
export async function readConfig(path: string): Promise<ServerConfig> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULT_CONFIG;
    throw error;
  }
  return parseConfig(text, path);
}

/** @param path for messages */
export function parseConfig(text: string, path: string): ServerConfig {
  let document: Record<string, unknown>;
  try {
    document = parse(text);
  } catch (cause) {
    throw new ServerError('SERVER_INVALID_CONFIG', `${path}: ${(cause as Error).message}`, { cause });
  }
  const websocket = new Section(path, document, 'websocket');
  const modules = new Section(path, document, 'modules');
  const commitlog = new Section(path, document, 'commitlog');
  const authority = new Section(path, document, 'certificate-authority');
  const archive = new Section(path, document, 'archive');
  const defaults = DEFAULT_CONFIG.websocket;
  return Object.freeze({
    websocket: Object.freeze({
      pingIntervalMs: websocket.durationMs('ping-interval', defaults.pingIntervalMs),
      idleTimeoutMs: websocket.durationMs('idle-timeout', defaults.idleTimeoutMs),
      closeHandshakeTimeoutMs: websocket.durationMs('close-handshake-timeout', defaults.closeHandshakeTimeoutMs),
      incomingQueueLength: websocket.count('incoming-queue-length', defaults.incomingQueueLength),
      outgoingQueueBytes: websocket.count('outgoing-queue-bytes', defaults.outgoingQueueBytes),
    }),
    moduleLimits: readModuleLimits(modules),
    keys: readKeys(authority),
    moduleHttp: readModuleHttp(new Section(path, document, 'module-http')),
    identity: readIdentity(new Section(path, document, 'identity')),
    rateLimits: readRateLimits(path, document),
    maxUnsyncedBytes: MIB * commitlog.count('max-unsynced-mib', defaultUnsyncedMib, 1, 1 << 20),
    maxSegmentBytes: commitlog.count('max-segment-size', DEFAULT_CONFIG.maxSegmentBytes, 4096, 64 * GIB),
    snapshots: readSnapshotPolicy(path, document),
    archiveLocation: archive.text('location'),
    backup: readBackup(new Section(path, document, 'backup')),
    archiveIntervalMs: archive.durationMs('interval', DEFAULT_CONFIG.archiveIntervalMs),
    publishers: new Set(new Section(path, document, 'publish').identities('allow')),
  });
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const defaultUnsyncedMib = DEFAULT_MAX_UNSYNCED_BYTES / MIB;
/** A bucket that takes longer to fill would have to be remembered for longer. */
const MAX_FILL_SECONDS = 3600;

function readRateLimits(path: string, document: Readonly<Record<string, unknown>>): RateLimits | undefined {
  const section = new Section(path, document, 'rate-limits');
  const perConnection = readRateLimit(section, 'per-connection');
  const perIdentity = readRateLimit(section, 'per-identity');
  const named = section.table('functions');
  const functions = new Map<string, RateLimit>();
  for (const name of named.keys()) functions.set(name, readRateLimit(named, name)!); // it has the key
  if (perConnection === undefined && perIdentity === undefined && functions.size === 0) return undefined;
  return Object.freeze({ perConnection, perIdentity, functions });
}

function readRateLimit(section: Section, key: string): RateLimit | undefined {
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

function readSnapshotPolicy(path: string, document: Readonly<Record<string, unknown>>): SnapshotPolicy {
  const section = new Section(path, document, 'snapshots');
  const { everyTransactions, everyBytes, kept, keepsWholeLog } = DEFAULT_CONFIG.snapshots;
  return Object.freeze({
    ...DEFAULT_CONFIG.snapshots,
    everyTransactions: section.count('every-transactions', everyTransactions),
    everyBytes: MIB * section.count('every-mib', everyBytes / MIB, 1, 1 << 20),
    kept: section.count('keep', kept, 1, 1000),
    keepsWholeLog: new Section(path, document, 'commitlog').boolean('keep-all', keepsWholeLog),
  });
}

function readModuleLimits(modules: Section): ModuleLimits {
  const { energyPerCall, maxMemoryPages } = DEFAULT_CONFIG.moduleLimits;
  return Object.freeze({
    energyPerCall: modules.count('energy-per-call', energyPerCall, MIN_ENERGY),
    maxMemoryPages: PAGES_PER_MIB * modules.count('max-memory-mib', maxMemoryPages / PAGES_PER_MIB, 1, MAX_MEMORY_MIB),
  });
}

const DEFAULT_BACKUPS_KEPT = 7;

function readBackup(section: Section): BackupConfig | undefined {
  const keep = section.count('keep', DEFAULT_BACKUPS_KEPT);
  const everyMs = section.has('every') ? section.durationMs('every', 0) : undefined;
  const location = section.text('location');
  if (location !== undefined) return Object.freeze({ location, everyMs, keep });
  if (everyMs !== undefined) throw section.invalid('every', 'needs a location to keep the backups');
  return undefined;
}

function readKeys(authority: Section): ServerConfig['keys'] {
  const privatePath = authority.text('jwt-priv-key-path');
  const publicPath = authority.text('jwt-pub-key-path');
  if (privatePath === undefined && publicPath === undefined) return undefined;
  if (privatePath === undefined || publicPath === undefined) {
    throw authority.invalid('jwt-priv-key-path', 'and jwt-pub-key-path must be given together');
  }
  return { privatePath, publicPath };
}

function readModuleHttp(section: Section): ServerConfig['moduleHttp'] {
  const isEnabled = section.boolean('enabled', true);
  const allow = section.texts('allow');
  try {
    AddressPolicy.allowing(allow);
  } catch (error) {
    throw section.invalid('allow', (error as Error).message);
  }
  return isEnabled ? { allow } : undefined;
}

function readIdentity(section: Section): IdentityConfig {
  const issuers = section.tables('issuers').map(readIssuer);
  const twice = issuers.find(({ issuer }, i) => issuers.some((other, j) => j < i && other.issuer === issuer));
  if (twice !== undefined) throw section.invalid('issuers', `${JSON.stringify(twice.issuer)} is listed twice`);
  return Object.freeze({ acceptsUnlisted: section.boolean('accept-unlisted-issuers', true), issuers });
}

function readIssuer(table: Section): IssuerConfig {
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

/** One table of the file. */
class Section {
  readonly #path: string;
  readonly #name: string;
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(path: string, document: Readonly<Record<string, unknown>>, name: string) {
    this.#path = path;
    this.#name = name;
    const values = document[name] ?? {};
    if (typeof values !== 'object' || Array.isArray(values)) throw this.invalid('', 'expected a table');
    this.#values = values as Record<string, unknown>;
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  keys(): string[] {
    return Object.keys(this.#values);
  }

  /** A table inside this one; empty if there is none. */
  table(key: string): Section {
    return new Section(this.#path, { [`${this.#name}.${key}`]: this.#values[key] }, `${this.#name}.${key}`);
  }

  /** A number above 0, which must be there. */
  number(key: string): number {
    const value = this.#values[key];
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw this.invalid(key, 'expected a number above 0');
    }
    return value;
  }

  durationMs(key: string, fallback: number): number {
    const value = this.#values[key];
    if (value === undefined) return fallback;
    const duration = typeof value === 'string' ? parseDurationMs(value) : undefined;
    if (duration === undefined || duration === 0) throw this.invalid(key, 'expected a duration such as "15s"');
    return duration;
  }

  count(key: string, fallback: number, least = 1, most: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#values[key];
    if (value === undefined) return fallback;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      const bound = most === Number.MAX_SAFE_INTEGER ? '' : ` and at most ${most}`;
      throw this.invalid(key, `expected a whole number of at least ${least}${bound}`);
    }
    return value;
  }

  text(key: string): string | undefined {
    const value = this.#values[key];
    if (value !== undefined && typeof value !== 'string') throw this.invalid(key, 'expected a text');
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#values[key] ?? fallback;
    if (typeof value !== 'boolean') throw this.invalid(key, 'expected true or false');
    return value;
  }

  /** A list of tables, `[[name.key]]`. */
  tables(key: string): Section[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value)) throw this.invalid(key, `expected tables [[${this.#name}.${key}]]`);
    return value.map((table: unknown, i) => {
      const name = `${this.#name}.${key}[${i}]`;
      return new Section(this.#path, { [name]: table }, name);
    });
  }

  texts(key: string): string[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) {
      throw this.invalid(key, 'expected a list of texts');
    }
    return value as string[]; // checked above
  }

  identities(key: string): string[] {
    const value = this.#values[key] ?? [];
    if (!Array.isArray(value)) throw this.invalid(key, 'expected a list of identities');
    return value.map((item: unknown) => {
      const [, digits] = /^(?:0x)?([0-9a-f]{64})$/iu.exec(String(item)) ?? [];
      if (digits === undefined) throw this.invalid(key, `${JSON.stringify(item)} is not an identity of 64 hex digits`);
      return digits.toLowerCase();
    });
  }

  invalid(key: string, problem: string): ServerError {
    return new ServerError('SERVER_INVALID_CONFIG', `${this.#path}: ${this.#name}.${key}: ${problem}`);
  }
}
