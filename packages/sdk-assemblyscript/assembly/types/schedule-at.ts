import { TimeDuration } from './time-duration';
import { Timestamp } from './timestamp';

const INTERVAL: u8 = 0;
const TIME: u8 = 1;

/** When a scheduled row is due: once at a time, or again and again after an interval. */
@final
export class ScheduleAt {
  private constructor(
    private tag: u8,
    private micros: i64,
  ) {}

  static interval(every: TimeDuration): ScheduleAt {
    return new ScheduleAt(INTERVAL, every.micros);
  }

  static time(at: Timestamp): ScheduleAt {
    return new ScheduleAt(TIME, at.microsSinceUnixEpoch);
  }

  static at(from: usize): ScheduleAt {
    return new ScheduleAt(load<u8>(from), load<i64>(from, 1));
  }

  put(to: usize): void {
    store<u8>(to, this.tag);
    store<i64>(to, this.micros, 1);
  }

  get isInterval(): bool {
    return this.tag == INTERVAL;
  }

  /** The interval, or null if this is a point in time. */
  get every(): TimeDuration | null {
    return this.isInterval ? new TimeDuration(this.micros) : null;
  }

  /** The point in time, or null if this is an interval. */
  get when(): Timestamp | null {
    return this.isInterval ? null : new Timestamp(this.micros);
  }

  equals(other: ScheduleAt): bool {
    return this.tag == other.tag && this.micros == other.micros;
  }
}
