import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import type { CallOutcome } from '@lightcone/host';
import { ByteReader, ByteWriter, type SumValue, compileRow, types } from '@lightcone/sats';
import type { TableDef } from '@lightcone/schema';
import { NO_ROW, type Table, type Transaction } from '@lightcone/store';
import type { ActiveCaller } from '../../src/client.ts';
import { Core } from '../../src/core.ts';
import type { LoadedModule, Reducer } from '../../src/loaded-module.ts';
import type { DatabaseLogRecord } from '../../src/log-record.ts';
import { recoverStore } from '../../src/snapshots/recover-store.ts';
import type { ReducerCall } from '../../src/reducer-call.ts';
import { createTable } from '../../src/schema-objects.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { memoryOptions } from './memory-options.ts';

/** When a row is due, in microseconds after the bench's start or of an interval. */
export interface At {
  readonly tag: 'Interval' | 'Time';
  readonly micros: number;
}

/** A row of the scheduled table, whose columns are in no usual order. */
export interface JobRow {
  readonly note: string;
  readonly at: At;
  readonly deed: number;
  readonly id: number;
}

/** A run of the scheduled function, in microseconds after the bench's start. */
export interface Run {
  readonly id: number;
  readonly atMicros: number;
  readonly timestampMicros: number;
  readonly row: JobRow;
}

const START = new Date('2024-01-01T00:00:00Z');
const START_MICROS = BigInt(START.getTime()) * 1000n;

const columns = [
  ['note', types.string],
  ['at', types.scheduleAt],
  ['deed', types.u32],
  ['id', types.u64],
] as const;
const rowType = compileRow(types.product(columns), []);

const jobs: TableDef = {
  name: 'job',
  accessorName: 'job',
  productTypeRef: 0,
  columns: columns.map(([name, type]) => ({ name, accessorName: name, type, defaultValue: undefined })),
  primaryKey: 3,
  indexes: [
    {
      name: 'job_id_idx',
      sourceName: 'job_id_idx',
      accessorName: undefined,
      algorithm: { kind: 'btree', columns: [3] },
    },
  ],
  uniqueConstraints: [{ name: 'job_id_key', columns: [3] }],
  sequences: [],
  schedule: { name: 'job_sched', atColumn: 1, functionName: 'run_job', functionKind: 'reducer' },
  tableType: 'user',
  access: 'private',
  isEvent: false,
};

/** The procedures of a module of which each call goes on until the test ends it. */
export class FakeProcedures {
  readonly calls: { readonly args: Uint8Array; readonly timestampMicros: bigint; end(): void }[] = [];
  /** Called when a call begins. */
  began: () => void = () => {};

  /** The parts of an instance that are used of it. */
  newInstance() {
    return {
      isDead: false,
      memoryBytes: 0,
      callProcedure: (_procedure: unknown, _caller: unknown, timestampMicros: bigint, args: Uint8Array) =>
        new Promise((resolve) => {
          this.calls.push({ args, timestampMicros, end: () => resolve({ kind: 'ok', value: new Uint8Array(0) }) });
          this.began();
        }),
    };
  }
}

/**
 * The parts of a database with one scheduled table, on a fake clock and a simulated disk. Its module is
 * a plain function.
 */
export class ScheduleBench {
  /** Runs that began, also those that failed. */
  readonly runs: Run[] = [];
  readonly logs: DatabaseLogRecord[] = [];
  /** What the function does in its transaction; what it throws fails it, an outcome ends it so. */
  deed: (row: JobRow, jobs: JobTable) => void = () => {};
  caller: ActiveCaller | undefined;
  clock: FakeClock = new FakeClock(START);
  core!: Core; // set by `start`
  readonly #disk: SimulatedDisk | undefined;
  readonly #procedures: FakeProcedures | undefined;

  /** @param isOnDisk without one nothing outlives a restart */
  private constructor(isOnDisk: boolean, procedures: FakeProcedures | undefined) {
    this.#procedures = procedures;
    this.#disk = isOnDisk ? new SimulatedDisk(() => 0) : undefined;
  }

  /** @param procedures makes the scheduled function one of these */
  static async create(isOnDisk = true, procedures?: FakeProcedures): Promise<ScheduleBench> {
    const bench = new ScheduleBench(isOnDisk, procedures);
    await bench.#open();
    const transaction = bench.core.transactions.begin();
    createTable(bench.core.store, transaction, jobs, []);
    bench.core.transactions.commit(transaction, undefined);
    bench.core.transactions.publish(undefined);
    bench.core.catalog.refresh();
    bench.#start();
    return bench;
  }

  get nowMicros(): number {
    return Number(this.clock.nowMicros() - START_MICROS);
  }

  get table(): Table {
    return this.core.store.table(this.core.catalog.findTableId('job') ?? -1);
  }

  rows(): JobRow[] {
    const rows: JobRow[] = [];
    for (let row = this.table.first(); row !== NO_ROW; row = this.table.next(row)) {
      rows.push(decode(this.table.bytes(row), this.table.start(row), this.table.end(row)));
    }
    return rows;
  }

  /** Runs a transaction of somebody; one that throws is rolled back, and the error is kept to itself. */
  transact(change: (jobs: JobTable) => void): void {
    const { transactions, turns } = this.core;
    turns.begin();
    const transaction = transactions.begin();
    try {
      change(new JobTable(this.table, transaction));
    } catch {
      transaction.rollback();
      return;
    }
    transactions.commit(transaction, undefined);
    transactions.publish(undefined);
  }

  /** The row of a procedure's call. */
  rowOf({ args }: { readonly args: Uint8Array }): JobRow {
    return decode(args, 0, args.length);
  }

  /** Puts the module in anew, as a publish does; or one that lacks the function. */
  publish(functionName: string = 'run_job'): void {
    this.#start(functionName);
  }

  /** The program dies after everything so far is durable, and another one opens the log after a while. */
  async restart(downMs: number): Promise<void> {
    await this.core.options.log?.sync();
    await this.crash(downMs);
  }

  /** The program dies at once. */
  async crash(downMs: number): Promise<void> {
    this.#disk?.killProgram();
    this.clock = new FakeClock(new Date(Number(this.clock.nowMicros() / 1000n)));
    await this.clock.advance(downMs);
    await this.#open();
    this.#start();
  }

  /** From now on nothing can be written. */
  failDisk(): void {
    this.#disk?.failAfter('write', 0);
  }

  async close(): Promise<void> {
    this.core.scheduler.stop();
    await this.core.options.log?.close();
  }

  async #open(): Promise<void> {
    const log = this.#disk && (await CommitLog.open(this.#disk, 'db'));
    const options = memoryOptions(this.clock, () => {});
    this.core = new Core(
      { ...options, log, moduleLog: (record) => this.logs.push(record) },
      await recoverStore(testIdentity('database'), log),
    );
  }

  #start(functionName?: string): void {
    this.core.run(this.#module(functionName));
    this.core.scheduler.start();
  }

  #module(functionName: string = 'run_job'): LoadedModule {
    const reducer = {
      id: 0,
      def: { name: 'run_job' },
      metrics: { committed: 0, failed: 0, energyUsed: 0 },
      encodedName: new Uint8Array([7, 0, 0, 0, ...new TextEncoder().encode('run_job')]),
    } as Reducer;
    const callReducer = ({ args, caller, timestampMicros }: ReducerCall): CallOutcome => {
      const row = decode(args, 0, args.length);
      this.caller = caller;
      this.runs.push({
        id: row.id,
        atMicros: this.nowMicros,
        timestampMicros: Number(timestampMicros - START_MICROS),
        row,
      });
      try {
        this.deed(row, new JobTable(this.table, this.core.data.transaction!)); // open while a reducer runs
        return { kind: 'ok' };
      } catch (error) {
        return error instanceof Error ? { kind: 'error', message: error.message } : (error as CallOutcome);
      }
    };
    const procedure = { id: 0, def: { name: functionName }, returns: { validate: () => 0 } };
    // The parts that the scheduler uses.
    return {
      reducersByName: new Map([[functionName, reducer]]),
      proceduresByName: new Map(this.#procedures && [[functionName, procedure]]),
      newProcedureInstance: () => this.#procedures?.newInstance(),
      callReducer,
    } as unknown as LoadedModule;
  }
}

/** Changes of the scheduled table in one transaction. */
export class JobTable {
  readonly #table: Table;
  readonly #transaction: Transaction;

  constructor(table: Table, transaction: Transaction) {
    this.#table = table;
    this.#transaction = transaction;
  }

  find(id: number): JobRow | undefined {
    const row = this.#pointer(id);
    if (row === NO_ROW) return undefined;
    return decode(this.#table.bytes(row), this.#table.start(row), this.#table.end(row));
  }

  /** Puts a row in, in the place of the one of that id. */
  put(row: JobRow): void {
    const bytes = encode(row);
    const index = this.#table.indexes[0]!; // the table's one index
    if (this.#pointer(row.id) === NO_ROW) this.#transaction.insert(this.#table, bytes, 0, bytes.length);
    else this.#transaction.update(this.#table, index, bytes, 0, bytes.length);
  }

  /** As the module's import: 0, or a negative errno. */
  putAsModule(core: Core, row: JobRow): number {
    const bytes = encode(row);
    const tableId = this.#table.definition.id;
    core.data.transaction = this.#transaction;
    try {
      if (this.#pointer(row.id) === NO_ROW) return core.data.insert(tableId, bytes, 0, bytes.length, new ByteWriter());
      const indexId = this.#table.indexes[0]!.definition.id; // the table's one index
      return core.data.update(tableId, indexId, bytes, 0, bytes.length, new ByteWriter());
    } finally {
      core.data.transaction = undefined;
    }
  }

  delete(id: number): void {
    const row = this.#pointer(id);
    if (row !== NO_ROW) this.#transaction.delete(this.#table, row);
  }

  clear(): void {
    this.#transaction.clear(this.#table);
  }

  #pointer(id: number): number {
    const key = new ByteWriter();
    key.u64(BigInt(id));
    return this.#table.indexes[0]!.findUnique(key.bytes, 0, key.length); // the table's one index
  }
}

function encode({ note, at, deed, id }: JobRow): Uint8Array {
  const value =
    at.tag === 'Time'
      ? { tag: 'Time', value: { __timestamp_micros_since_unix_epoch__: START_MICROS + BigInt(at.micros) } }
      : { tag: 'Interval', value: { __time_duration_micros__: BigInt(at.micros) } };
  const writer = new ByteWriter();
  rowType.encode(writer, { note, at: value, deed, id: BigInt(id) });
  return writer.finish();
}

function decode(bytes: Uint8Array, start: number, end: number): JobRow {
  const row = rowType.decode(new ByteReader(bytes, start, end)) as {
    note: string;
    at: SumValue;
    deed: number;
    id: bigint;
  };
  const [micros] = Object.values(row.at.value as Record<string, bigint>);
  const at: At =
    row.at.tag === 'Time'
      ? { tag: 'Time', micros: Number(micros! - START_MICROS) } // a time has one field
      : { tag: 'Interval', micros: Number(micros) };
  return { note: row.note, at, deed: row.deed, id: Number(row.id) };
}
