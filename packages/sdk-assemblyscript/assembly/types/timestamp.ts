import { TimeDuration } from './time-duration';

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

  /** RFC 3339 in UTC, as in `2026-11-27T00:30:00.000000Z`. */
  toString(): string {
    const micros = this.microsSinceUnixEpoch;
    let second = micros / 1_000_000;
    let fraction = micros % 1_000_000;
    if (fraction < 0) {
      fraction += 1_000_000;
      second--;
    }
    const text = new Date(second * 1000).toISOString();
    // Years beyond four digits make the text longer at its front.
    return text.slice(0, text.length - 5) + '.' + fraction.toString().padStart(6, '0') + 'Z';
  }
}
