import { panic } from '../calls/panic';
import { nothing } from './nothing';

/** A value or none, for types that cannot be `null`: numbers, booleans, enums. */
@final
export class Option<T> {
  private constructor(
    readonly isSome: bool,
    private some: T,
  ) {}

  static some<T>(value: T): Option<T> {
    return new Option<T>(true, value);
  }

  static none<T>(): Option<T> {
    return new Option<T>(false, nothing<T>());
  }

  get isNone(): bool {
    return !this.isSome;
  }

  /** The value; without one the call ends as failed. */
  get value(): T {
    if (!this.isSome) panic('an option without a value was asked for its value');
    return this.some;
  }

  valueOr(otherwise: T): T {
    return this.isSome ? this.some : otherwise;
  }
}
