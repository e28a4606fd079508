import { ByteReader } from '@lightcone/sats';
import type { RowPointer, Table } from '@lightcone/store';
import type { ScheduleDescription } from '../describe-tables.ts';

/** When a row is due, as its ScheduleAt column says: at a time, or again and again. */
export interface ScheduleAt {
  readonly tag: 'Interval' | 'Time';
  /** Since the Unix epoch, or the interval; a negative one counts as its absolute value. */
  readonly micros: bigint;
}

/** What the scheduler reads of a row. */
export interface ScheduledRow {
  readonly id: bigint;
  readonly at: ScheduleAt;
}

export function readScheduledRow(table: Table, schedule: ScheduleDescription, row: RowPointer): ScheduledRow {
  const { columns } = table.definition.row;
  const bytes = table.bytes(row);
  const start = table.start(row);
  const end = table.end(row);
  // Both columns are there, and of these types: the module's definition was checked.
  const id = new ByteReader(bytes, columns[schedule.idColumn]!.start(bytes, start), end).u64();
  const at = new ByteReader(bytes, columns[schedule.atColumn]!.start(bytes, start), end);
  return { id, at: { tag: at.u8() === INTERVAL_TAG ? 'Interval' : 'Time', micros: at.i64() } };
}

const INTERVAL_TAG = 0;

/** Whether two rows are due by the same rule. */
export function isSameSchedule(a: ScheduleAt, b: ScheduleAt): boolean {
  return a.tag === b.tag && a.micros === b.micros;
}

/** Whether a row that is written now is due later than a module may ask for. */
export function isBeyondHorizon(at: ScheduleAt, nowMicros: bigint): boolean {
  return firstDueMicros(at, nowMicros) - nowMicros >= HORIZON_MICROS;
}

/** 2^36 - 1 ms or about 2.18 years. */
const HORIZON_MICROS = (2n ** 36n - 1n) * 1000n;

/** When a row that is inserted now is due first; in the past for a time that is. */
export function firstDueMicros(at: ScheduleAt, nowMicros: bigint): bigint {
  return at.tag === 'Time' ? at.micros : nowMicros + absolute(at.micros);
}

/**
 * The first tick after now of an interval of which one tick is `tickMicros`. Ticks stay where they
 * are however late their runs are: no drift, and those that were missed are left out.
 */
export function nextTickMicros(tickMicros: bigint, intervalMicros: bigint, nowMicros: bigint): bigint {
  // "Continuously" is once per microsecond: always in the future, and never behind the clock for long.
  const interval = intervalMicros === 0n ? 1n : absolute(intervalMicros);
  const sinceTick = (((nowMicros - tickMicros) % interval) + interval) % interval;
  return nowMicros - sinceTick + interval;
}

function absolute(micros: bigint): bigint {
  return micros < 0n ? -micros : micros;
}
