import { CommitLogError } from '@lightcone/commitlog';
import { ByteWriter } from '@lightcone/sats';
import type { RowPointer, Table } from '@lightcone/store';
import type { Core } from '../core.ts';
import type { OwnCalls } from './own-calls.ts';
import type { PendingSchedule } from './pending-schedule.ts';
import type { PendingSchedules } from './pending-schedules.ts';

/** What a `RowRuns` asks of the scheduler that owns it. */
export interface RowRunsOwner {
  /** Whether anything may still be called. */
  isRunning(): boolean;
  now(): bigint;
  /** A row's function begins, so late. */
  began(functionName: string, delayMicros: bigint): void;
  /** A procedure is over, outside of any turn: its row may wait again, and there is room for another. */
  ended(): void;
}

/**
 * Runs the functions of rows that are due.
 *
 * A reducer begins and ends here. Its row is there while it runs, and if it was due once it is deleted
 * afterwards, in a transaction of its own, whether the reducer succeeded or not. A crash between the two
 * runs it again.
 *
 * A procedure only begins here, and holds up nothing but its own row. A row that is due once is deleted,
 * and that is on the disk, before its procedure begins: no crash runs it twice.
 */
export class RowRuns {
  readonly #core: Core;
  readonly #pending: PendingSchedules;
  readonly #calls: OwnCalls;
  readonly #owner: RowRunsOwner;
  readonly #key = new ByteWriter(8);
  /** Rows that are due while too many procedures run, in the order of their times. */
  #held: PendingSchedule[] = [];
  #runningProcedures = 0;
  readonly #pauses = new Set<() => void>();

  constructor(core: Core, pending: PendingSchedules, calls: OwnCalls, owner: RowRunsOwner) {
    this.#core = core;
    this.#pending = pending;
    this.#calls = calls;
    this.#owner = owner;
  }

  /** Runs what was taken from the pending rows; inside of a turn. */
  run(schedule: PendingSchedule): void {
    const { functionName } = this.#core.catalog.schedules.get(schedule.tableId)!; // waits only while its table is there
    if (!this.#core.module.proceduresByName.has(functionName)) this.#runReducer(functionName, schedule);
    else if (this.#runningProcedures < MAX_PROCEDURES_AT_ONCE) this.#beginProcedure(functionName, schedule);
    else this.#held.push(schedule);
  }

  /** Begins what was held while too many procedures ran; inside of a turn. */
  runHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const schedule of held) {
      if (this.#core.catalog.schedules.has(schedule.tableId)) this.run(schedule);
      else this.#pending.finish(schedule, this.#owner.now()); // an update has removed its table
    }
  }

  /** Whoever waits for room waits no longer. */
  stop(): void {
    for (const endPause of this.#pauses) endPause();
  }

  #runReducer(functionName: string, schedule: PendingSchedule): void {
    const table = this.#core.store.table(schedule.tableId);
    const row = this.#findRow(table, schedule);
    if (row >= 0) {
      this.#begin(functionName, schedule);
      // Copied: the reducer may change the row that it is called with.
      this.#calls.reducer(functionName, this.#timestamp(schedule), copyRow(table, row));
    }
    if (this.#pending.finish(schedule, this.#owner.now())) this.#deleteRow(table, schedule);
  }

  #beginProcedure(functionName: string, schedule: PendingSchedule): void {
    const table = this.#core.store.table(schedule.tableId);
    const row = this.#findRow(table, schedule);
    // It may have been deleted or given another time while it was held.
    if (row < 0 || schedule.renewed !== undefined) {
      this.#pending.finish(schedule, this.#owner.now());
      return;
    }
    this.#begin(functionName, schedule);
    const args = copyRow(table, row);
    const isOnce = schedule.at.tag === 'Time';
    if (isOnce) this.#deleteRow(table, schedule);
    this.#runningProcedures++;
    this.#core.procedures.detach(this.#runProcedure(functionName, schedule, args, isOnce));
  }

  async #runProcedure(
    functionName: string,
    schedule: PendingSchedule,
    args: Uint8Array,
    isOnce: boolean,
  ): Promise<void> {
    const { procedures, options } = this.#core;
    try {
      if (isOnce) await options.log?.sync();
      while (this.#owner.isRunning() && !procedures.hasRoom) await this.#pause();
      const procedure = this.#core.module.proceduresByName.get(functionName); // it may have been updated meanwhile
      if (!this.#owner.isRunning() || procedure === undefined) {
        this.#core.logLine(
          'Error',
          'scheduled call: the database was stopped or updated before it began',
          functionName,
        );
        return;
      }
      await this.#calls.procedure(procedure, this.#timestamp(schedule), args);
    } catch (error) {
      // Of a log that failed everybody hears from the log itself.
      if (!(error instanceof CommitLogError)) throw error;
    } finally {
      this.#runningProcedures--;
      this.#pending.finish(schedule, this.#owner.now());
      this.#owner.ended();
    }
  }

  /** Clients' calls take all the room there is: looks again a little later. */
  async #pause(): Promise<void> {
    const { clock, timers } = this.#core.options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wakeUp = timers.wakeAt(clock.nowMicros() + PAUSE_MICROS, resolve);
    this.#pauses.add(resolve);
    await promise;
    this.#pauses.delete(resolve);
    wakeUp.cancel();
  }

  #begin(functionName: string, { dueMicros }: PendingSchedule): void {
    this.#owner.began(functionName, this.#core.options.clock.nowMicros() - dueMicros);
  }

  #timestamp({ dueMicros }: PendingSchedule): bigint {
    const now = this.#core.options.clock.nowMicros();
    return now > dueMicros ? now : dueMicros;
  }

  #deleteRow(table: Table, schedule: PendingSchedule): void {
    const row = this.#findRow(table, schedule);
    // A row that stayed would be due for ever.
    this.#core.transactions.run((transaction) => transaction.delete(table, row), { onViewFailure: 'emptyView' });
  }

  #findRow(table: Table, { tableId, id }: PendingSchedule): RowPointer {
    const { indexId } = this.#core.catalog.schedules.get(tableId)!; // waits only while its table is there
    this.#key.reset();
    this.#key.u64(id);
    return table.index(indexId).findUnique(this.#key.bytes, 0, this.#key.length);
  }
}

function copyRow(table: Table, row: RowPointer): Uint8Array {
  return table.bytes(row).slice(table.start(row), table.end(row));
}

/** Procedures of scheduled rows that run or wait at once; clients' calls have room beside them. */
const MAX_PROCEDURES_AT_ONCE = 64;
const PAUSE_MICROS = 100_000n;
