import type { ProcedureCalls } from '../procedure-calls.ts';
import type { Guest } from './guest.ts';

/**
 * The turns of a procedure: what its guest runs in one go, from its start or a suspension to the next or to its end.
 *
 *     guest    turn ─ suspend ┄┄┄┄┄┄┄┄┄┄┄ turn ─ trap
 *     jobs                         resume, end ┄ other jobs ┄ the promise of the call is rejected
 *
 * A transaction is open within one turn only, and a turn that ends with one open must lose it before anything else
 * of this thread runs. The promise of the call tells of the guest's end too late: other jobs may be before its own.
 * So the job that resumes the guest is followed by another that ends the turn, with no place between the two.
 */
export class GuestTurns {
  readonly procedures: ProcedureCalls;
  readonly #guest: Guest;

  constructor(guest: Guest, procedures: ProcedureCalls) {
    this.#guest = guest;
    this.procedures = procedures;
  }

  /**
   * Suspends the guest until `work` is done.
   *
   * @param finish leaves the result in the guest's memory and answers what the import returns
   */
  suspend<T>(work: Promise<T>, finish: (result: T) => number | bigint): Promise<number | bigint> {
    const { promise, resolve, reject } = Promise.withResolvers<number | bigint>();
    const fail = (error: unknown): void => {
      this.#guest.remember(error);
      reject(error);
    };
    const resume = (settle: () => void): void => {
      this.#guest.renewAllowances();
      try {
        settle(); // queues the job that resumes the guest
      } catch (error) {
        fail(error);
      }
      queueMicrotask(() => this.end());
    };
    work.then(
      (result) => resume(() => resolve(finish(result))),
      (error: unknown) => resume(() => fail(error)),
    );
    return promise;
  }

  /** What must be done when the guest has stopped running, for whatever reason. */
  end(): void {
    try {
      if (this.#guest.calls.isInTransaction()) this.procedures.abortDanglingTransaction();
    } catch (error) {
      this.#guest.remember(error);
    }
  }
}
