import { isForCallers } from './errors.ts';

/**
 * Where a mistake of ours comes to light: whatever is asked of a database from outside, and whatever it does by itself,
 * is done through this. What nobody expected leaves open what is still true of the database, so it stops. What is sent
 * when the log is durable is not: there the log takes it for a failure of its own, and the database stops for that.
 */
export class ErrorBoundary {
  #listener: (mistake: unknown) => void = (mistake) => {
    throw mistake;
  };

  /** @param listener stops the database; until it is given, mistakes are thrown */
  onMistake(listener: (mistake: unknown) => void): void {
    this.#listener = listener;
  }

  /** Does what a caller asks for. @throws what `work` throws; if that is a mistake, the database has stopped */
  run<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      this.caught(error);
      throw error;
    }
  }

  /** As `run`; `work` begins before this returns. */
  async runAsync<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.caught(error);
      throw error;
    }
  }

  /** As `run`, for those to whom a function for each deed is too much: `error` was caught, and is thrown again. */
  caught(error: unknown): void {
    if (!isForCallers(error)) this.#listener(error);
  }

  /** @returns `run`, to be called in a turn of its own, where nobody hears of what it throws */
  alone(run: () => void): () => void {
    return () => {
      try {
        run();
      } catch (error) {
        this.#listener(error);
      }
    };
  }

  /** Waits for what nobody else does. */
  detach(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#listener(error));
  }
}
