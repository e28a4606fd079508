import { NO_ROW, type RowPointer, type Store, type Table, type TransactionDelta } from '@lightcone/store';
import type { Catalog } from '../catalog.ts';
import type { ScheduleDescription } from '../describe-tables.ts';
import { Heap } from '../heap.ts';
import { PendingSchedule, isDueBefore } from './pending-schedule.ts';
import { firstDueMicros, isSameSchedule, nextTickMicros, readScheduledRow } from './schedule-at.ts';

/**
 * The scheduled rows of a database and when each is due. It follows what is committed: one entry per
 * row that is there or whose function runs, never more.
 *
 *     waiting ──takeDue──► running ──finish──► waiting (intervals, and rows that were given a new time)
 *                                         └──► gone
 */
export class PendingSchedules {
  readonly #store: Store;
  readonly #catalog: Catalog;
  readonly #queue = new Heap(isDueBefore);
  readonly #byTable = new Map<number, Map<bigint, PendingSchedule>>();
  #commits = 0;

  constructor(store: Store, catalog: Catalog) {
    this.#store = store;
    this.#catalog = catalog;
  }

  /** Rows that wait. */
  get waitingCount(): number {
    return this.#queue.length;
  }

  /** When the first row is due; undefined if none waits. */
  get firstDueMicros(): bigint | undefined {
    return this.#queue.first()?.dueMicros;
  }

  /** Begins anew from the tables: intervals count from now. What runs keeps others of its row from running. */
  load(nowMicros: bigint): void {
    this.#queue.clear();
    this.#commits++;
    for (const [tableId, byId] of this.#byTable) {
      for (const [id, schedule] of byId) {
        if (schedule.isRunning) this.#rowGone(schedule, byId);
        else byId.delete(id);
      }
      if (byId.size === 0) this.#byTable.delete(tableId);
    }
    this.#commits++;
    for (const [tableId, description] of this.#catalog.schedules) {
      const table = this.#store.table(tableId);
      for (let row = table.first(); row !== NO_ROW; row = table.next(row)) {
        this.#rowThere(table, description, row, nowMicros);
      }
    }
  }

  /** Whether a transaction changed scheduled rows: most do not, and are let go quickly. */
  isConcernedBy({ tables }: TransactionDelta): boolean {
    const { schedules } = this.#catalog;
    if (schedules.size === 0) return false;
    for (let i = 0; i < tables.length; i++) if (schedules.has(tables[i]!.table.definition.id)) return true;
    return false;
  }

  /** Takes in what a transaction did to scheduled rows. */
  committed(delta: TransactionDelta, nowMicros: bigint): void {
    this.#commits++;
    for (const { table, inserts, deletes } of delta.tables) {
      const description = this.#catalog.schedules.get(table.definition.id);
      if (description === undefined || table.definition.isEvent) continue;
      const byId = this.#byTable.get(table.definition.id);
      for (let i = 0; i < deletes.length && byId !== undefined; i++) {
        const schedule = byId.get(readScheduledRow(table, description, deletes.at(i)).id);
        if (schedule !== undefined) this.#rowGone(schedule, byId);
      }
      for (let i = 0; i < inserts.length; i++) this.#rowThere(table, description, inserts.at(i), nowMicros);
    }
  }

  /** The first row that is due, which runs from now on; undefined if none is. `finish` must follow. */
  takeDue(nowMicros: bigint): PendingSchedule | undefined {
    const schedule = this.#queue.first();
    if (schedule === undefined || schedule.dueMicros > nowMicros) return undefined;
    this.#queue.remove(schedule);
    schedule.isRowGone = false;
    schedule.goneInCommit = -1;
    schedule.renewed = undefined;
    return schedule;
  }

  /**
   * The function of a row has run.
   * @returns whether the row is still the one that was due, and was due once: it has to be deleted
   */
  finish(schedule: PendingSchedule, nowMicros: bigint): boolean {
    if (schedule.renewed !== undefined) {
      schedule.at = schedule.renewed.at;
      schedule.dueMicros = schedule.renewed.dueMicros;
      this.#queue.add(schedule);
      return false;
    }
    if (!schedule.isRowGone && schedule.at.tag === 'Interval') {
      schedule.dueMicros = nextTickMicros(schedule.dueMicros, schedule.at.micros, nowMicros);
      this.#queue.add(schedule);
      return false;
    }
    const byId = this.#byTable.get(schedule.tableId);
    byId?.delete(schedule.id);
    return !schedule.isRowGone;
  }

  /** The wall clock was set back: intervals go on as if it had not been, times are those that it shows now. */
  clockWasSetBack(micros: bigint): void {
    this.#queue.changeAll((schedule) => {
      if (schedule.at.tag === 'Interval') schedule.dueMicros -= micros;
    });
  }

  #rowGone(schedule: PendingSchedule, byId: Map<bigint, PendingSchedule>): void {
    if (!schedule.isRunning) {
      this.#queue.remove(schedule);
      byId.delete(schedule.id);
      return;
    }
    if (!schedule.isRowGone && schedule.renewed === undefined) schedule.goneInCommit = this.#commits;
    schedule.isRowGone = true;
    schedule.renewed = undefined;
  }

  #rowThere(table: Table, description: ScheduleDescription, row: RowPointer, nowMicros: bigint): void {
    const { id, at } = readScheduledRow(table, description, row);
    const tableId = table.definition.id;
    let byId = this.#byTable.get(tableId);
    if (byId === undefined) this.#byTable.set(tableId, (byId = new Map()));
    const dueMicros = firstDueMicros(at, nowMicros);
    const schedule = byId.get(id);
    if (schedule === undefined) {
      const added = new PendingSchedule(tableId, id, at, dueMicros);
      byId.set(id, added);
      this.#queue.add(added);
    } else {
      // It runs: of what waits, the row that was there before is gone by now. The row that runs was changed. Unless its schedule was, this is the run that it asked for.
      const isUpdated = schedule.goneInCommit === this.#commits && schedule.isRowGone;
      schedule.isRowGone = false;
      if (!isUpdated || !isSameSchedule(at, schedule.at)) schedule.renewed = { at, dueMicros };
    }
  }
}
