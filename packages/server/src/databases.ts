import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { bytesToHex, Identity } from '@lightcone/sats';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Logger } from 'pino';
import type { ControlDatabase, DatabaseRecord } from './control/control-database.ts';
import type { DataDirectory } from './data-directory.ts';
import type { UpdateAnswer, UpdateInput } from './database-thread/messages.ts';
import { RequestPace } from './database-thread/request-pace.ts';
import { ServerError } from './errors.ts';
import { hostLogLine } from './module-log/host-log-line.ts';
import { ModuleLog } from './module-log/module-log.ts';
import { RunningDatabase, isDiskFilled, isRoomFound } from './running-database.ts';
import { beginReplica, keepReplica, removeReplica } from './unregistered-replicas.ts';

/** How often a database was started, or could not be, and connections that did not come about. */
export interface StartCounts {
  attempts: number;
  failures: number;
  readonly rejected: Map<RejectionCause, number>;
}

/** Why a connection did not come about, as the metrics count it; what the module says to it is the database's to count. */
export type RejectionCause =
  | 'invalid_protocol'
  | 'authorization_failed'
  | 'websocket_upgrade_error'
  | 'actor_startup_failure';

/** After this time a database is opened again that has ended as its disk was full. */
const REOPEN_MS = 1000;

/** Databases that start at the same time when the server does. */
const STARTS_AT_ONCE = 2;

/**
 * The databases of this server: finds the running ones, starts the others when they are needed, and
 * changes which there are. Changes to one database come one after another.
 */
export class Databases {
  readonly #control: ControlDatabase;
  readonly #dataDirectory: DataDirectory;
  readonly #log: Logger;
  readonly #isArchived: boolean;
  readonly #pace = new RequestPace();
  readonly #running = new Map<string, Promise<RunningDatabase>>();
  readonly #started = new Map<string, RunningDatabase>();
  readonly #changes = new Map<string, Promise<unknown>>();
  /** By identity, of those that there are. */
  readonly #startCounts = new Map<string, StartCounts>();
  /** By replica, kept when the database stops: its last words are in them. */
  readonly #moduleLogs = new Map<number, ModuleLog>();
  /** By identity, for databases in memory: with no log to start from again, they start from their program. */
  readonly #programs = new Map<string, Uint8Array>();
  #isClosed = false;

  /** @param isArchived whether an archive gets what the databases commit */
  constructor(dataDirectory: DataDirectory, log: Logger, isArchived = false) {
    this.#control = dataDirectory.control;
    this.#dataDirectory = dataDirectory;
    this.#log = log;
    this.#isArchived = isArchived;
  }

  /** An identity for a database or anybody else, as an anonymous user gets one. */
  static newIdentity(): string {
    return Identity.fromClaims('localhost', randomUUID()).toHex();
  }

  /**
   * The running database of a record, started if it is not.
   * @throws DatabaseFailure, ServerError; the next call tries again
   */
  open(record: DatabaseRecord): Promise<RunningDatabase> {
    const running = this.#running.get(record.identity);
    if (running !== undefined) return running;
    if (this.#isClosed) {
      return Promise.reject(new ServerError('SERVER_DATABASE_STOPPED', 'the server is stopping; try again later'));
    }
    return this.#register(record.identity, this.#start(record, this.#programs.get(record.identity)));
  }

  get startCounts(): ReadonlyMap<string, Readonly<StartCounts>> {
    return this.#startCounts;
  }

  /** Counts a connection to a database that did not come about. */
  countRejection(identity: string, cause: RejectionCause): void {
    const { rejected } = this.#countsOf(identity);
    rejected.set(cause, (rejected.get(cause) ?? 0) + 1);
  }

  /** What a database keeps of its log, in bytes. */
  async moduleLogBytes(identity: string): Promise<number> {
    const record = this.#control.findDatabase(identity);
    return record === undefined ? 0 : this.moduleLog(record).byteSize();
  }

  #countsOf(identity: string): StartCounts {
    let counts = this.#startCounts.get(identity);
    if (counts === undefined)
      this.#startCounts.set(identity, (counts = { attempts: 0, failures: 0, rejected: new Map() }));
    return counts;
  }

  /** The databases that have started. */
  started(): RunningDatabase[] {
    return [...this.#started.values()];
  }

  /** The databases that are running now, those that are starting as soon as they have. */
  async running(): Promise<RunningDatabase[]> {
    const settled = await Promise.allSettled(this.#running.values());
    return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Starts every database that there is. Those that fail are logged and tried again when somebody needs them. */
  async startAll(): Promise<void> {
    const waiting = this.#control.databases();
    const startNext = async (): Promise<void> => {
      for (let record = waiting.shift(); record !== undefined && !this.#isClosed; record = waiting.shift()) {
        await this.open(record).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: STARTS_AT_ONCE }, startNext));
  }

  /**
   * Makes a database; nothing is left of it when its program does not start.
   * @throws ServerError `SERVER_DATABASE_EXISTS` when another request has made it meanwhile
   */
  create(identity: string, owner: string, program: Uint8Array): Promise<void> {
    return this.#change(identity, async () => {
      if (this.#control.findDatabase(identity) !== undefined) {
        const message = `database ${identity} was made by another request in the meantime; publish again to update it`;
        throw new ServerError('SERVER_DATABASE_EXISTS', message);
      }
      const replica = this.#control.newReplica();
      const record = { identity, owner, initialProgram: programHash(program), replica, isLocked: false };
      await this.#replace(record, program);
    });
  }

  /** Gives a database a program and no data; it stays as it was when the program does not start. */
  reset(identity: string, program: Uint8Array): Promise<void> {
    return this.#change(identity, async () => {
      const old = this.#mustFind(identity);
      const record = { ...old, initialProgram: programHash(program), replica: this.#control.newReplica() };
      await this.#replace(record, program, old);
    });
  }

  /** Gives a database a program and keeps its data. */
  update(identity: string, input: UpdateInput): Promise<UpdateAnswer> {
    return this.#change(identity, async () => {
      const record = this.#mustFind(identity);
      const database = await this.open(record);
      const answer = await database.thread.request('update', input);
      if (answer.tag === 'updated') {
        this.#keepProgram(record, input.program);
      }
      return answer;
    });
  }

  /** Removes a database and its files; its clients are closed. */
  delete(identity: string): Promise<void> {
    return this.#change(identity, async () => {
      const record = this.#control.findDatabase(identity);
      if (record === undefined) return;
      this.#control.deleteDatabase(identity);
      const running = this.#running.get(identity);
      this.#running.delete(identity);
      this.#programs.delete(identity);
      this.#startCounts.delete(identity);
      await this.#retire(record, await running?.catch(() => undefined));
    });
  }

  /** What a database's module has logged, whether or not the database runs. */
  moduleLog(record: DatabaseRecord): ModuleLog {
    let moduleLog = this.#moduleLogs.get(record.replica);
    if (moduleLog === undefined) {
      const path = this.#dataDirectory.replicaPath(record.replica);
      moduleLog = new ModuleLog(path === undefined ? undefined : join(path, 'module_logs'), this.#log);
      this.#moduleLogs.set(record.replica, moduleLog);
    }
    return moduleLog;
  }

  /** Where a database keeps its files; undefined for one in memory. */
  pathOf(record: DatabaseRecord): string | undefined {
    return this.#dataDirectory.replicaPath(record.replica);
  }

  /** Stops all databases, what they committed made durable. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#changes.values());
    const stopping = (await this.running()).map(async (database) => {
      try {
        await database.stop();
      } catch (error) {
        this.#log.error({ err: error, database: database.identity }, 'database not stopped in order');
      }
    });
    await Promise.all(stopping);
    await Promise.all(Array.from(this.#moduleLogs.values(), (moduleLog) => moduleLog.close()));
  }

  /** Starts a database on new files, makes it the one of its identity, and removes the old one's files. */
  async #replace(record: DatabaseRecord, program: Uint8Array, old?: DatabaseRecord): Promise<void> {
    const path = this.pathOf(record);
    if (path !== undefined) await beginReplica(path);
    let database: RunningDatabase | undefined;
    try {
      database = await this.#start(record, program);
      if (path !== undefined) await keepReplica(path);
      this.#control.putDatabase(record);
    } catch (error) {
      await this.#retire(record, database);
      if (this.#control.findDatabase(record.identity) === undefined) this.#startCounts.delete(record.identity);
      throw error;
    }
    this.#keepProgram(record, program);
    const previous = this.#running.get(record.identity);
    void this.#register(record.identity, Promise.resolve(database));
    if (old !== undefined) await this.#retire(old, await previous?.catch(() => undefined));
  }

  async #start(record: DatabaseRecord, program: Uint8Array | undefined): Promise<RunningDatabase> {
    const { identity, owner, replica } = record;
    const options = {
      ...this.#dataDirectory.config.databases,
      identity,
      owner,
      path: this.#dataDirectory.replicaPath(replica),
      program,
      isArchived: this.#isArchived,
    };
    const counts = this.#countsOf(identity);
    counts.attempts++;
    try {
      return await RunningDatabase.start(options, this.moduleLog(record), this.#pace, this.#log);
    } catch (error) {
      counts.failures++;
      throw error;
    }
  }

  /** Remembers a database until it ends or fails to start. */
  #register(identity: string, starting: Promise<RunningDatabase>): Promise<RunningDatabase> {
    this.#running.set(identity, starting);
    const forget = (): void => {
      if (this.#running.get(identity) === starting) this.#running.delete(identity);
    };
    starting.then(
      async (database) => {
        this.#started.set(identity, database);
        const error = await database.ended;
        forget();
        if (this.#started.get(identity) === database) this.#started.delete(identity);
        if (isRoomFound(error)) this.#reopen(identity);
        // Whoever wants something opens it at once.
        else if (isDiskFilled(error)) setTimeout(() => this.#reopen(identity), REOPEN_MS).unref();
      },
      (error: unknown) => {
        forget();
        this.#log.error({ err: error, database: identity }, 'database not started');
        const record = this.#control.findDatabase(identity);
        const message = `error starting database: ${error instanceof Error ? error.message : String(error)}`;
        if (record !== undefined) this.moduleLog(record).append(hostLogLine('Error', message, new Date()));
      },
    );
    return starting;
  }

  /** Opens a database again that could not be written: it can be read, and what is scheduled is to go on. */
  #reopen(identity: string): void {
    // Before the control database is asked, which may be closed then, too.
    if (this.#isClosed) return;
    const record = this.#control.findDatabase(identity);
    if (record !== undefined) this.open(record).catch(() => undefined); // logged
  }

  async #retire(record: DatabaseRecord, database: RunningDatabase | undefined): Promise<void> {
    // However it ends, its files go.
    await database?.stop().catch((error: unknown) => {
      this.#log.error({ err: error, database: record.identity }, 'database not stopped in order');
    });
    await this.#forget(record);
  }

  #keepProgram(record: DatabaseRecord, program: Uint8Array): void {
    if (this.#dataDirectory.replicaPath(record.replica) === undefined) this.#programs.set(record.identity, program);
  }

  /** Removes what a replica left. */
  async #forget(record: DatabaseRecord): Promise<void> {
    await this.#moduleLogs.get(record.replica)?.close();
    this.#moduleLogs.delete(record.replica);
    const path = this.pathOf(record);
    if (path !== undefined) await removeReplica(path);
  }

  #mustFind(identity: string): DatabaseRecord {
    const record = this.#control.findDatabase(identity);
    if (record === undefined) throw new Error(`no database ${identity}`);
    return record;
  }

  #change<Result>(identity: string, work: () => Promise<Result>): Promise<Result> {
    const change = (this.#changes.get(identity) ?? Promise.resolve()).then(work);
    const settled = change.catch(() => undefined);
    this.#changes.set(identity, settled);
    void settled.then(() => {
      if (this.#changes.get(identity) === settled) this.#changes.delete(identity);
    });
    return change;
  }
}

/** What names a program: 64 hex digits. */
export function programHash(program: Uint8Array): string {
  return bytesToHex(keccak_256(program));
}
