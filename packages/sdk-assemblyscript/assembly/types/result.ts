import { panic } from '../calls/panic';
import { nothing } from './nothing';

/** A value, or the error for which there is none. */
@final
export class Result<T, E> {
  private constructor(
    readonly isOk: bool,
    private okValue: T,
    private errValue: E,
  ) {}

  static ok<T, E>(value: T): Result<T, E> {
    return new Result<T, E>(true, value, nothing<E>());
  }

  static err<T, E>(error: E): Result<T, E> {
    return new Result<T, E>(false, nothing<T>(), error);
  }

  get isErr(): bool {
    return !this.isOk;
  }

  /** The value; without one the call ends as failed. */
  get value(): T {
    if (!this.isOk) panic('a result that is an error was asked for its value');
    return this.okValue;
  }

  /** The error; without one the call ends as failed. */
  get error(): E {
    if (this.isOk) panic('a result that is a value was asked for its error');
    return this.errValue;
  }
}
