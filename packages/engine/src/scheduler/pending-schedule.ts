import type { InHeap } from '../heap.ts';
import type { ScheduleAt } from './schedule-at.ts';

/** One scheduled row, which is waiting for its time or whose function runs. */
export class PendingSchedule implements InHeap {
  readonly tableId: number;
  readonly id: bigint;
  at: ScheduleAt;
  dueMicros: bigint;
  /** Its place in the queue; -1 while its function runs. */
  position = -1;

  // What became of the row while its function runs, as far as it is committed.
  isRowGone = false;
  /** The commit that deleted the row which is run; -1 before. */
  goneInCommit = -1;
  /** When the row that took its place is due, if its schedule is another. */
  renewed: { readonly at: ScheduleAt; readonly dueMicros: bigint } | undefined;

  constructor(tableId: number, id: bigint, at: ScheduleAt, dueMicros: bigint) {
    this.tableId = tableId;
    this.id = id;
    this.at = at;
    this.dueMicros = dueMicros;
  }

  get isRunning(): boolean {
    return this.position < 0;
  }
}

/** The order in which schedules are due. At one time it goes by table and id: it does not depend on how it came about. */
export function isDueBefore(a: PendingSchedule, b: PendingSchedule): boolean {
  if (a.dueMicros !== b.dueMicros) return a.dueMicros < b.dueMicros;
  if (a.tableId !== b.tableId) return a.tableId < b.tableId;
  return a.id < b.id;
}
