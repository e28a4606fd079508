import type { ScheduleAt } from './schedule-at.ts';

/** One scheduled row, which is waiting for its time or whose function runs. */
export class PendingSchedule {
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
