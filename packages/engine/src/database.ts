import type { CommitLogError } from '@lightcone/commitlog';
import type { HttpRequest } from '@lightcone/host';
import { type Identity, type RowType, bytesToHex } from '@lightcone/sats';
import { type ModuleDef, schemaDocument } from '@lightcone/schema';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { CallResult, SqlResult } from './call-result.ts';
import type { Caller, ConnectRequest } from './client.ts';
import { Clients } from './clients.ts';
import { CLOSE_CODES } from './close-codes.ts';
import { Core } from './core.ts';
import type { DatabaseOptions } from './database-options.ts';
import { EngineError, isDiskFull, logFailure } from './errors.ts';
import { engineLogRecord } from './log-record.ts';
import { LoadedModule } from './loaded-module.ts';
import type { DatabaseMetrics } from './metrics.ts';
import type { HttpHandlerResult } from './procedures/procedure-result.ts';
import { initialise } from './publishing/initialise.ts';
import { type UpdatePlan, planUpdate } from './publishing/plan-update.ts';
import { storedModule } from './publishing/stored-module.ts';
import { update } from './publishing/update.ts';
import { readMetrics } from './read-metrics.ts';
import { RoomWatch } from './room-watch.ts';
import { disconnectCaller, leftoverCallers } from './sessions.ts';
import { recoverStore } from './snapshots/recover-store.ts';
import { UnconnectedCallers } from './unconnected-callers.ts';

const NOTHING = (): void => {};

/**
 * One database: tables in memory, the module that changes them, the log that keeps them, the clients
 * that watch them.
 *
 * Everything here happens on the caller's thread, one thing at a time. What is done in one turn of
 * its event loop is synced to disk together, and the answers leave at the end of the turn: at once
 * for unconfirmed readers, when it is durable for confirmed ones.
 */
export class Database {
  readonly identity: Identity;
  readonly owner: Identity;
  readonly #core: Core;
  readonly #clients: Clients;
  readonly #unconnected: UnconnectedCallers;
  #roomWatch: RoomWatch | undefined;
  #closing: Promise<void> | undefined;

  private constructor(core: Core, owner: Identity) {
    const { identity, log } = core.options;
    this.identity = identity;
    this.owner = owner;
    this.#core = core;
    this.#clients = new Clients(core, owner);
    this.#unconnected = new UnconnectedCallers(core, owner);
    log?.onDurable((txOffset) => core.outbox.durable(txOffset));
    log?.onFailure((error) => this.#fail(error));
    core.boundary.onMistake((mistake) => this.#stopForMistake(mistake));
  }

  /**
   * Makes a database: tables and `init` in one transaction, which is durable when this resolves. If
   * it rejects, nothing was written to the log, which is closed.
   * @param options with an empty log
   * @throws HostError, SchemaError, EngineError `ENGINE_UNSUPPORTED_MODULE`, `ENGINE_INIT_FAILED`
   */
  static create(options: DatabaseOptions, program: Uint8Array, owner: Identity): Promise<Database> {
    return closingLogOnError(options, async () => {
      const core = await recoveredCore(options);
      if (storedModule(core) !== undefined) {
        throw new EngineError(
          'ENGINE_DATABASE_EXISTS',
          `the log of ${options.identity.toHex()} already has a database`,
        );
      }
      core.run(LoadedModule.load(program, core.moduleEnvironment));
      initialise(core, owner);
      const database = new Database(core, owner);
      await options.log?.sync();
      core.scheduler.start();
      core.turns.end();
      return database;
    });
  }

  /**
   * Opens a database from its log. Clients that a crash left connected are disconnected.
   *
   * If the log's disk is full, the database can be read and not written: callers are let in if the module's
   * `client_connected` lets them, but no trace of that is left, nothing is scheduled, and what would write is refused.
   * When there is room, `onFailure` gets an `ENGINE_DISK_HAS_ROOM`: what is opened then can be written.
   * @throws CommitLogError, EngineError `ENGINE_NO_DATABASE`, `ENGINE_RECOVERY_FAILED`; the log is closed
   */
  static open(options: DatabaseOptions): Promise<Database> {
    return closingLogOnError(options, async () => {
      const core = await recoveredCore(options);
      const stored = storedModule(core);
      const identity = options.identity.toHex();
      if (stored === undefined)
        throw new EngineError(
          'ENGINE_NO_DATABASE',
          `the log of ${identity} has no database: its files are missing or empty. Restore them from a backup`,
        );
      if (!stored.databaseIdentity.equals(options.identity)) {
        const found = stored.databaseIdentity.toHex();
        throw new EngineError('ENGINE_RECOVERY_FAILED', `the log is of database ${found}, expected ${identity}`);
      }
      core.run(LoadedModule.load(stored.program, core.moduleEnvironment));
      core.views.load(core.module);
      const database = new Database(core, stored.owner);
      if (core.isReadOnly) database.#waitForRoom();
      else {
        for (const caller of leftoverCallers(core)) disconnectCaller(core, caller);
        core.scheduler.start();
      }
      core.turns.endSoon();
      return database;
    });
  }

  get #module(): LoadedModule {
    return this.#core.module;
  }

  /** Keccak-256 of the program. */
  get programHash(): Uint8Array {
    return this.#module.hash;
  }

  /** What the module defines. */
  get module(): ModuleDef {
    return this.#module.def;
  }

  /** The type of the rows that clients get of a table or view. @throws StoreError `STORE_UNKNOWN_TABLE` */
  rowType(tableName: string): RowType {
    return this.#core.clientRowType(this.#core.catalog.findTableId(tableName) ?? -1);
  }

  /** Offset of the last transaction; -1 before the first. */
  get lastTxOffset(): number {
    return this.#core.transactions.lastTxOffset;
  }

  /** Why nothing is done any more, if the database has stopped or was closed. */
  get refusal(): EngineError | undefined {
    return this.#core.turns.refusal;
  }

  /** Why nothing can be written, if that is so. */
  get readOnlyReason(): string | undefined {
    return this.#core.options.log?.fullDisk?.message;
  }

  /** Offset of the last transaction that is durable, with all before it; undefined in memory. */
  get durableTxOffset(): number | undefined {
    return this.#core.options.log?.durableOffset;
  }

  /**
   * Admits a WebSocket connection. The answer comes through `deliver`: the client's first message, or
   * a close with the reason of the module.
   */
  connect(request: ConnectRequest): void {
    this.#core.boundary.run(() => this.#clients.connect(request));
  }

  /**
   * Takes a frame of a connection, `bytes[start..end]`: deals with it at once, or in a later turn if there is much to do.
   * What is wrong with it closes the connection.
   * @param bytes may change when this returns
   * @param onDone called when the frame is dealt with, or is not going to be
   */
  receive(
    connectionNumber: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    isText = false,
    onDone: () => void = NOTHING,
  ): void {
    try {
      this.#clients.receive(connectionNumber, bytes, start, end, isText, onDone);
    } catch (error) {
      this.#core.boundary.caught(error);
      throw error;
    }
  }

  /** A connection is gone: the client is, once everything is done that came before. Nothing happens if it is known. */
  disconnect(connectionNumber: number): void {
    this.#core.boundary.run(() => this.#clients.disconnect(connectionNumber));
  }

  /**
   * Does something for somebody without a connection when it is their turn, among the clients: what they ask for together
   * is done in its order, and the time that it takes is theirs. Whoever calls this bounds how much waits.
   * @param asker whose turn, by a name
   * @param work calls `call`, `sql` or `handleHttp`
   * @returns what `work` returns; rejects with what it throws
   */
  inTurn<T>(asker: string, work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => this.#clients.ask(asker, () => resolve(Promise.try(work))));
  }

  /**
   * Calls a reducer or procedure for someone who has no connection: one is made for the length of the
   * call. A reducer has run when this returns its promise.
   */
  call(as: Caller, functionName: string, argsJson: string): Promise<CallResult> {
    const { boundary, procedures } = this.#core;
    return boundary.runAsync(() => procedures.track(this.#unconnected.call(as, functionName, argsJson)));
  }

  /**
   * Answers an HTTP request with the handler that the module's router has for it.
   * @param path what follows `/route` in the request's URL, decoded; compared exactly
   * @param body unchanged until the promise is settled
   * @param from the address that the request comes from: one must not have all the instances there are
   */
  handleHttp(path: string, request: HttpRequest, body: Uint8Array, from?: string): Promise<HttpHandlerResult> {
    const { boundary, procedures, turns } = this.#core;
    return boundary.runAsync(() => {
      turns.begin();
      return procedures.track(procedures.handleHttp(path, request, body, from));
    });
  }

  /** Runs one SQL statement for someone who has no connection: one is made for its length. */
  sql(as: Caller, text: string): SqlResult {
    return this.#core.boundary.run(() => this.#unconnected.sql(as, text));
  }

  /** The schema document of a version, as JSON. */
  schema(version: 9 | 10): string {
    return schemaDocument(this.#module.def, version);
  }

  /** What publishing a program over this database would do. Changes nothing. */
  planUpdate(program: Uint8Array, hasColours: boolean = false): UpdatePlan {
    return this.#core.boundary.run(() => planUpdate(this.#core, this.#loadNext(program), hasColours));
  }

  /**
   * Publishes a program over this database. The same program changes nothing.
   * @returns the offset to wait for until the update is durable
   * @throws EngineError `ENGINE_UPDATE_REJECTED`, `ENGINE_DISK_FULL`, HostError, SchemaError; the old module goes on
   */
  update(program: Uint8Array, mayBreakClients: boolean): number {
    return this.#core.boundary.run(() => this.#update(program, mayBreakClients));
  }

  #update(program: Uint8Array, mayBreakClients: boolean): number {
    const core = this.#core;
    core.turns.begin();
    if (isProgram(this.#module, program)) return this.lastTxOffset;
    const { readOnlyReason } = this;
    if (readOnlyReason !== undefined) throw new EngineError('ENGINE_DISK_FULL', readOnlyReason);
    const next = this.#loadNext(program);
    const breaksClients = update(core, next, this.owner, mayBreakClients, () => {
      for (const client of this.#clients) core.subscriptions.removeClient(client);
    });
    const updated = 'the module was updated while the procedure was running; call it again';
    void core.procedures.end(new EngineError('ENGINE_PROCEDURE_ENDED', updated));
    core.scheduler.start();
    if (breaksClients) this.#clients.closeAll();
    return this.lastTxOffset;
  }

  /** Loads a program beside the one that runs, which is not to hear of it. */
  #loadNext(program: Uint8Array): LoadedModule {
    const { immediateCalls, moduleEnvironment } = this.#core;
    return immediateCalls.askingNone(() => LoadedModule.load(program, moduleEnvironment));
  }

  /** Resolves when a transaction and all before it are durable; at once in memory. Rejects if the log fails. */
  async whenDurable(txOffset: number): Promise<void> {
    const { log } = this.#core.options;
    if (log !== undefined && txOffset > log.durableOffset) await log.sync();
  }

  /** Whether more waits for the disk than may, so that calls are refused: what passes clients on should hold them up. */
  get isLogBehind(): boolean {
    return this.#core.door.isLogBehind;
  }

  /**
   * Takes a snapshot of everything that is committed, unless the last one is that; resolves when it was read again and
   * found whole.
   * @returns its tx offset
   * @throws EngineError `ENGINE_SNAPSHOT_FAILED`, also of a database that was opened without a store for them
   */
  async takeSnapshot(): Promise<number> {
    const { turns, snapshots } = this.#core;
    turns.begin();
    if (snapshots !== undefined) return snapshots.take();
    throw new EngineError('ENGINE_SNAPSHOT_FAILED', 'this database has nowhere to take snapshots to');
  }

  metrics(): DatabaseMetrics {
    return readMetrics(this.#core, this.#clients, this.#unconnected.sqlCounts);
  }

  /**
   * Ends the procedures that are running, disconnects every client, brings everything to the disk and
   * closes the log. May be called twice.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const { turns, options, procedures, scheduler, viewExpiry, snapshots } = this.#core;
    const closed = new EngineError('ENGINE_CLOSED', `database ${this.identity.toHex()} is closed`);
    this.#clients.finish();
    turns.refuse(closed);
    scheduler.stop();
    await procedures.end(closed);
    this.#clients.closeAll();
    viewExpiry.close();
    turns.end();
    await snapshots?.close();
    await this.#roomWatch?.close();
    await options.commitTimes?.close();
    await options.log?.close();
  }

  /** The disk of the log was full when it was opened. */
  #waitForRoom(): void {
    const { log, clock, timers } = this.#core.options;
    if (log?.fullDisk === undefined) return;
    this.#core.logLine('Error', log.fullDisk.message);
    this.#roomWatch = new RoomWatch(log, clock, timers, () => {
      const message = 'there is room on the disk again: the database is opened anew';
      this.#core.logLine('Info', message);
      this.#stop(new EngineError('ENGINE_DISK_HAS_ROOM', message), CLOSE_CODES.tryAgainLater, message);
    });
  }

  /** What was not durable may be lost, so nobody must see more of it: all connections end. */
  #fail(cause: CommitLogError): void {
    this.#core.logLine('Error', `the commit log failed, so the database stops: ${cause.message}`);
    const failure = logFailure(cause);
    if (isDiskFull(failure))
      this.#stop(failure, CLOSE_CODES.tryAgainLater, "the database's disk is full: it is opened anew");
    else this.#stop(failure, CLOSE_CODES.internalError, 'the database cannot write its log');
  }

  /** What is still true of it nobody knows, so nobody may ask more of it or see more of it. */
  #stopForMistake(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `a mistake of Lightcone's own has stopped the database: ${reason}`;
    this.#core.logLine('Error', message);
    const failure = new EngineError('ENGINE_STOPPED', message, { cause });
    this.#stop(failure, CLOSE_CODES.internalError, 'the database has stopped; try again');
  }

  /** Does nothing any more: what is to go on is opened anew. */
  #stop(failure: EngineError, closeCode: number, closeReason: string): void {
    this.#core.scheduler.stop();
    this.#core.turns.refuse(failure);
    void this.#core.procedures.end(failure);
    void this.#core.snapshots?.close();
    this.#core.viewExpiry.close();
    this.#core.outbox.abandon();
    this.#clients.abandonAll(closeCode, closeReason);
    this.#core.outbox.flush();
    this.#core.options.onFailure(failure);
  }
}

function isProgram(module: LoadedModule, program: Uint8Array): boolean {
  return bytesToHex(keccak_256(program)) === bytesToHex(module.hash);
}

async function recoveredCore(options: DatabaseOptions): Promise<Core> {
  const { identity, log, snapshots, moduleLog, clock } = options;
  const recovered = await recoverStore(identity, log, snapshots?.store, (message) =>
    moduleLog(engineLogRecord(clock, 'Error', message)),
  );
  return new Core(options, recovered);
}

/** A database that does not come to be must not keep its log locked. */
async function closingLogOnError(options: DatabaseOptions, make: () => Promise<Database>): Promise<Database> {
  try {
    return await make();
  } catch (error) {
    await options.commitTimes?.close();
    await options.log?.close();
    throw error;
  }
}
