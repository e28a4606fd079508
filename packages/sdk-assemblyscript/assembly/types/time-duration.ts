/** A span of time in microseconds; may be negative. */
@final
export class TimeDuration {
  constructor(public micros: i64 = 0) {}

  static fromMillis(millis: i64): TimeDuration {
    return new TimeDuration(millis * 1000);
  }

  static fromSeconds(seconds: i64): TimeDuration {
    return new TimeDuration(seconds * 1_000_000);
  }

  static at(from: usize): TimeDuration {
    return new TimeDuration(load<i64>(from));
  }

  put(to: usize): void {
    store<i64>(to, this.micros);
  }

  equals(other: TimeDuration): bool {
    return this.micros == other.micros;
  }

  /** Seconds with six digits after the point and always a sign, as in `+1.500000`. */
  toString(): string {
    const micros = this.micros;
    const magnitude = micros < 0 ? <u64>0 - <u64>micros : <u64>micros;
    const fraction = (magnitude % 1_000_000).toString().padStart(6, '0');
    return (micros < 0 ? '-' : '+') + (magnitude / 1_000_000).toString() + '.' + fraction;
  }
}
