import { TimeDuration } from './time-duration';

/** After so many years the calendar repeats, leap years and all. */
const CYCLE_YEARS = 400;
const CYCLE_SECONDS: i64 = 146_097 * 86_400;

/** A point in time in microseconds since 1970-01-01T00:00:00Z. */
@final
export class Timestamp {
  constructor(public microsSinceUnixEpoch: i64 = 0) {}

  static at(from: usize): Timestamp {
    return new Timestamp(load<i64>(from));
  }

  put(to: usize): void {
    store<i64>(to, this.microsSinceUnixEpoch);
  }

  plus(duration: TimeDuration): Timestamp {
    return new Timestamp(this.microsSinceUnixEpoch + duration.micros);
  }

  minus(duration: TimeDuration): Timestamp {
    return new Timestamp(this.microsSinceUnixEpoch - duration.micros);
  }

  /** The time from `earlier` to this. */
  since(earlier: Timestamp): TimeDuration {
    return new TimeDuration(this.microsSinceUnixEpoch - earlier.microsSinceUnixEpoch);
  }

  equals(other: Timestamp): bool {
    return this.microsSinceUnixEpoch == other.microsSinceUnixEpoch;
  }

  /** RFC 3339 in UTC, as in `2026-11-27T00:30:00.000000Z`; other years than those of four digits as in ISO 8601. */
  toString(): string {
    const micros = this.microsSinceUnixEpoch;
    let second = micros / 1_000_000;
    let fraction = micros % 1_000_000;
    if (fraction < 0) {
      fraction += 1_000_000;
      second--;
    }
    // Dates end in the year 275760, timestamps later: so the date is that of a year between 1970 and 2369.
    let cycles = second / CYCLE_SECONDS;
    if (second % CYCLE_SECONDS < 0) cycles--;
    const date = new Date((second - cycles * CYCLE_SECONDS) * 1000);
    const year = yearText(date.getUTCFullYear() + CYCLE_YEARS * <i32>cycles);
    return year + date.toISOString().slice(4, 19) + '.' + fraction.toString().padStart(6, '0') + 'Z';
  }
}

/** Four digits, or a sign and six. */
function yearText(year: i32): string {
  if (year >= 0 && year <= 9999) return year.toString().padStart(4, '0');
  return (year < 0 ? '-' : '+') + abs(year).toString().padStart(6, '0');
}
