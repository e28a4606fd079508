import type { CommitLogError } from '@lightcone/commitlog';
import type { HttpRequest } from '@lightcone/host';
import { ProtocolError } from '@lightcone/protocol';
import { QueryError } from '@lightcone/query';
import { type Identity, type RowType, bytesToHex } from '@lightcone/sats';
import { type ModuleDef, schemaDocument } from '@lightcone/schema';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { type AdmittedReducer, admitJsonCall, isRefusal } from './admission.ts';
import type { CallResult, ConnectRejected, SqlResult } from './call-result.ts';
import { ActiveCaller, type Caller, Client, type ConnectRequest } from './client.ts';
import type { InboundFrame } from './connection/inbound-frame.ts';
import { Core, type DatabaseOptions } from './core.ts';
import { EngineError } from './errors.ts';
import { Inbox } from './inbox.ts';
import type { CallerQuota } from './limits/caller-quota.ts';
import type { Overload } from './limits/door.ts';
import { engineLogRecord } from './log-record.ts';
import { LoadedModule } from './loaded-module.ts';
import type { DatabaseMetrics, RefusedConnections, SqlCounts } from './metrics.ts';
import { callProcedureForJson } from './procedures/call-procedure-for-json.ts';
import type { HttpHandlerResult } from './procedures/procedure-result.ts';
import { initialise } from './publishing/initialise.ts';
import { type UpdatePlan, planUpdate } from './publishing/plan-update.ts';
import { storedModule } from './publishing/stored-module.ts';
import { update } from './publishing/update.ts';
import { callReducer, failureText } from './reducer-calls.ts';
import { type ConnectRefusal, connectCaller, disconnectCaller, leftoverCallers } from './sessions.ts';
import { RoomWatch } from './room-watch.ts';
import { recoverStore } from './snapshots/recover-store.ts';
import { runStatement } from './sql.ts';
import { isDiskFull, logFailure } from './transactions.ts';

/** Close codes of RFC 6455 §7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

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
  readonly #refusedConnections: RefusedConnections = { rejected: 0, outOfEnergy: 0, diskFull: 0 };
  readonly #sqlCounts: SqlCounts = { succeeded: 0, failed: 0 };
  readonly #clients = new Map<number, Client>();
  readonly #inbox: Inbox;
  #roomWatch: RoomWatch | undefined;
  #closing: Promise<void> | undefined;

  private constructor(core: Core, owner: Identity) {
    const { identity, log } = core.options;
    this.identity = identity;
    this.owner = owner;
    this.#core = core;
    const { clock, defer } = core.options;
    this.#inbox = new Inbox(core.turns, clock, defer, (client, frame) => this.#takeStep(client, frame));
    core.turns.endWith(() => core.scheduler.runImmediateCalls());
    log?.onDurable((txOffset) => core.outbox.durable(txOffset));
    log?.onFailure((error) => this.#fail(error));
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
    this.#core.turns.begin();
    const wire = this.#core.wires.of(request.protocol);
    const { door, outbox } = this.#core;
    const overload = door.refuseWhileBehind();
    if (overload !== undefined) {
      outbox.lane(false).close(request.number, TRY_AGAIN_LATER, overload.message);
      return;
    }
    const client = new Client(request, wire, request.identity.equals(this.owner), door.enter(request.identity));
    const rejection = connectCaller(this.#core, client.caller);
    if (rejection !== undefined) {
      this.#refusedConnections[rejection.cause]++;
      door.leave(client.quota);
      const code = rejection.cause === 'diskFull' ? TRY_AGAIN_LATER : POLICY_VIOLATION;
      outbox.lane(false).close(client.number, code, rejection.message);
      return;
    }
    this.#clients.set(client.number, client);
    wire.sendFirstMessage(client, request.token);
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
    const client = this.#clients.get(connectionNumber);
    // Closed by us while the frame was under way.
    if (client === undefined || this.#core.turns.refusal !== undefined) {
      onDone();
      return;
    }
    this.#core.turns.begin();
    this.#inbox.receive(client, bytes, start, end, isText, onDone);
  }

  /** Does the next step of what a frame asks for. */
  #takeStep(client: Client, frame: InboundFrame): void {
    try {
      frame.takeStep(client);
    } catch (error) {
      // Only once it is being answered does a query turn out to be too large.
      const isTooLarge = error instanceof QueryError && error.code === 'QUERY_TOO_LARGE';
      if (!(error instanceof ProtocolError || isTooLarge)) throw error;
      const lane = this.#core.outbox.lane(client.isConfirmed);
      lane.cancel();
      const code = error.code === 'PROTOCOL_TOO_MANY_MESSAGES' ? TRY_AGAIN_LATER : INTERNAL_ERROR;
      lane.close(client.number, code, error.message);
      this.#end(client);
    }
  }

  /** A connection is gone: the client is, once everything is done that came before. Nothing happens if it is known. */
  disconnect(connectionNumber: number): void {
    const client = this.#clients.get(connectionNumber);
    if (client === undefined) return;
    if (this.#inbox.has(client)) this.#inbox.after(client, () => this.#end(client));
    else this.#end(client);
  }

  /** Ends a client, unless it has ended. What waits of it is not done any more. */
  #end(client: Client): void {
    if (client.isGone) return;
    this.#core.turns.endSoon();
    client.isGone = true;
    this.#clients.delete(client.number);
    this.#inbox.drop(client);
    this.#core.door.leave(client.quota);
    this.#core.subscriptions.removeClient(client);
    disconnectCaller(this.#core, client.caller);
  }

  /**
   * Does something for somebody without a connection when it is their turn, among the clients: what they ask for together
   * is done in its order, and the time that it takes is theirs. Whoever calls this bounds how much waits.
   * @param asker whose turn, by a name
   * @param work calls `call`, `sql` or `handleHttp`
   * @returns what `work` returns; rejects with what it throws
   */
  inTurn<T>(asker: string, work: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#core.turns.begin();
      this.#inbox.ask(asker, () => resolve(Promise.try(work)));
    });
  }

  /**
   * Calls a reducer or procedure for someone who has no connection: one is made for the length of the
   * call. A reducer has run when this returns its promise.
   */
  call(as: Caller, functionName: string, argsJson: string): Promise<CallResult> {
    return this.#core.procedures.track(this.#call(as, functionName, argsJson));
  }

  async #call(as: Caller, functionName: string, argsJson: string): Promise<CallResult> {
    const core = this.#core;
    core.turns.begin();
    // Before a connection is made, which costs two transactions.
    const overload = this.#refuseWithoutConnection(as, (quota) => core.door.refuseCall(quota, functionName));
    if (overload !== undefined) return overload;
    const caller = new ActiveCaller(as);
    const rejection = connectCaller(core, caller);
    if (rejection !== undefined) return this.#refuseConnection(rejection);
    const isOwner = caller.identity.equals(this.owner);
    const admitted = admitJsonCall(this.#module, functionName, argsJson, isOwner);
    try {
      if (isRefusal(admitted)) {
        core.logRefusal(admitted, functionName);
        return admitted;
      }
      if ('reducer' in admitted) return this.#callReducer(admitted, caller);
      return await callProcedureForJson(core, admitted, caller);
    } finally {
      core.turns.endSoon();
      disconnectCaller(core, caller);
    }
  }

  #callReducer({ reducer, args }: AdmittedReducer, caller: ActiveCaller): CallResult {
    const core = this.#core;
    const { clock } = core.options;
    const start = clock.monotonicNanos();
    const outcome = callReducer(core, { reducer, args, caller, timestampMicros: clock.nowMicros() });
    const cost = {
      durationMicros: Number((clock.monotonicNanos() - start) / 1000n),
      energyUsed: this.#module.lastEnergyUsed,
    };
    switch (outcome.kind) {
      case 'ok':
        core.transactions.publish(undefined);
        return { kind: 'committed', cost, txOffset: this.lastTxOffset };
      case 'outOfEnergy':
        return { kind: 'outOfEnergy', cost };
      case 'error':
      case 'trapped':
      case 'viewFailed':
        return { kind: 'failed', message: failureText(outcome), cost, txOffset: this.lastTxOffset };
      case 'overloaded':
      case 'rateLimited':
        return outcome;
    }
  }

  /**
   * Answers an HTTP request with the handler that the module's router has for it.
   * @param path what follows `/route` in the request's URL, decoded; compared exactly
   * @param body unchanged until the promise is settled
   * @param from the address that the request comes from: one must not have all the instances there are
   */
  async handleHttp(path: string, request: HttpRequest, body: Uint8Array, from?: string): Promise<HttpHandlerResult> {
    const { procedures, turns } = this.#core;
    turns.begin();
    return procedures.track(procedures.handleHttp(path, request, body, from));
  }

  /** Runs one SQL statement for someone who has no connection: one is made for its length. */
  sql(as: Caller, text: string): SqlResult {
    this.#core.turns.begin();
    const { door } = this.#core;
    const overload =
      door.refuseWhileBehind() ?? this.#refuseWithoutConnection(as, (quota) => door.refuseRequest(quota));
    if (overload !== undefined) return overload;
    const caller = new ActiveCaller(as);
    const rejection = connectCaller(this.#core, caller);
    if (rejection !== undefined) return this.#refuseConnection(rejection);
    const { clock } = this.#core.options;
    const start = clock.monotonicNanos();
    try {
      const outcome = runStatement(this.#core, caller, caller.identity.equals(this.owner), text);
      const durationMicros = Number((clock.monotonicNanos() - start) / 1000n);
      this.#sqlCounts.succeeded++;
      return { kind: 'ok', outcome, txOffset: this.lastTxOffset, durationMicros };
    } catch (error) {
      this.#sqlCounts.failed++;
      if (error instanceof QueryError) {
        return { kind: 'error', message: error.message, txOffset: this.lastTxOffset };
      }
      if (!isDiskFull(error)) throw error;
      return door.refuseForDisk(error);
    } finally {
      disconnectCaller(this.#core, caller);
    }
  }

  #refuseConnection(refusal: ConnectRefusal): ConnectRejected {
    this.#refusedConnections[refusal.cause]++;
    return { kind: 'connectRejected', ...refusal, txOffset: this.lastTxOffset };
  }

  /** Asks the door for someone who is in for no longer than that. */
  #refuseWithoutConnection(
    { identity }: Caller,
    ask: (quota: CallerQuota | undefined) => Overload | undefined,
  ): Overload | undefined {
    const { door } = this.#core;
    const quota = door.enter(identity);
    const overload = ask(quota);
    door.leave(quota);
    return overload;
  }

  /** The schema document of a version, as JSON. */
  schema(version: 9 | 10): string {
    return schemaDocument(this.#module.def, version);
  }

  /** What publishing a program over this database would do. Changes nothing. */
  planUpdate(program: Uint8Array, hasColours: boolean = false): UpdatePlan {
    return planUpdate(this.#core, this.#loadNext(program), hasColours);
  }

  /**
   * Publishes a program over this database. The same program changes nothing.
   * @returns the offset to wait for until the update is durable
   * @throws EngineError `ENGINE_UPDATE_REJECTED`, `ENGINE_DISK_FULL`, HostError, SchemaError; the old module goes on
   */
  update(program: Uint8Array, mayBreakClients: boolean): number {
    const core = this.#core;
    core.turns.begin();
    if (isProgram(this.#module, program)) return this.lastTxOffset;
    const { readOnlyReason } = this;
    if (readOnlyReason !== undefined) throw new EngineError('ENGINE_DISK_FULL', readOnlyReason);
    const next = this.#loadNext(program);
    const breaksClients = update(core, next, this.owner, mayBreakClients, () => {
      for (const client of this.#clients.values()) core.subscriptions.removeClient(client);
    });
    const updated = 'the module was updated while the procedure was running; call it again';
    void core.procedures.end(new EngineError('ENGINE_PROCEDURE_ENDED', updated));
    core.scheduler.start();
    if (breaksClients) this.#disconnectAll();
    return this.lastTxOffset;
  }

  /** Loads a program beside the one that runs, which is not to hear of it. */
  #loadNext(program: Uint8Array): LoadedModule {
    const { scheduler, moduleEnvironment } = this.#core;
    return scheduler.withoutCallSoon(() => LoadedModule.load(program, moduleEnvironment));
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
    const { store, subscriptions, transactions, procedures, views, door, options, snapshots } = this.#core;
    let querySets = 0;
    let subscribedClients = 0;
    let subscribedQueries = 0;
    for (const client of this.#clients.values()) {
      querySets += client.querySets.size;
      subscribedQueries += client.queryCount;
      if (client.querySets.size > 0) subscribedClients++;
    }
    return {
      programHash: this.programHash,
      connectedClients: this.#clients.size,
      subscribedClients,
      subscribedQueries,
      refusedConnections: { ...this.#refusedConnections },
      subscriptions: subscriptions.counts,
      sql: { ...this.#sqlCounts },
      instanceBytes: this.#module.memoryBytes + procedures.metrics.instanceBytes,
      loggedBytes: transactions.loggedBytes,
      liveQueries: subscriptions.queryCount,
      querySets,
      lastTxOffset: transactions.lastTxOffset,
      durableTxOffset: options.log?.durableOffset,
      reducers: this.#module.reducerMetrics,
      refusedRequests: { ...door.refused },
      unsyncedLogBytes: options.log?.pendingBytes ?? 0,
      snapshots: snapshots && { ...snapshots.metrics },
      scheduledRows: this.#core.scheduler.waitingCount,
      scheduledFunctionDelays: this.#core.scheduler.delays,
      views: this.#module.viewMetrics,
      liveViews: views.count,
      procedures: procedures.metrics,
      tables: [...store.tables.values()].map((table) => ({
        id: table.definition.id,
        name: table.definition.name,
        rows: table.rowCount,
        bytes: table.byteSize,
        indexes: table.indexes.length,
        rowsInserted: table.rowsInserted,
        rowsDeleted: table.rowsDeleted,
      })),
    };
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
    this.#inbox.finish();
    turns.refuse(closed);
    scheduler.stop();
    await procedures.end(closed);
    this.#disconnectAll();
    viewExpiry.close();
    turns.end();
    await snapshots?.close();
    await this.#roomWatch?.close();
    await options.commitTimes?.close();
    await options.log?.close();
  }

  #disconnectAll(): void {
    for (const [number, client] of this.#clients) {
      // In the client's own lane, so that no answer it is owed comes too late.
      this.#core.outbox.lane(client.isConfirmed).close(number, GOING_AWAY, 'module exited');
      this.#end(client);
    }
  }

  /** The disk of the log was full when it was opened. */
  #waitForRoom(): void {
    const { log, clock, timers } = this.#core.options;
    if (log?.fullDisk === undefined) return;
    this.#core.logLine('Error', log.fullDisk.message);
    this.#roomWatch = new RoomWatch(log, clock, timers, () => {
      const message = 'there is room on the disk again: the database is opened anew';
      this.#core.logLine('Info', message);
      this.#stop(new EngineError('ENGINE_DISK_HAS_ROOM', message), TRY_AGAIN_LATER, message);
    });
  }

  /** What was not durable may be lost, so nobody must see more of it: all connections end. */
  #fail(cause: CommitLogError): void {
    this.#core.logLine('Error', `the commit log failed, so the database stops: ${cause.message}`);
    const failure = logFailure(cause);
    if (isDiskFull(failure)) this.#stop(failure, TRY_AGAIN_LATER, "the database's disk is full: it is opened anew");
    else this.#stop(failure, INTERNAL_ERROR, 'the database cannot write its log');
  }

  /** Does nothing any more: what is to go on is opened anew. */
  #stop(failure: EngineError, closeCode: number, closeReason: string): void {
    this.#core.scheduler.stop();
    this.#core.turns.refuse(failure);
    void this.#core.procedures.end(failure);
    void this.#core.snapshots?.close();
    this.#core.viewExpiry.close();
    this.#core.outbox.abandon();
    for (const [number, client] of this.#clients) {
      client.isGone = true;
      this.#core.outbox.lane(false).close(number, closeCode, closeReason);
    }
    this.#clients.clear();
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
