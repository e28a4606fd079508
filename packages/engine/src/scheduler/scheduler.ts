import type { TransactionDelta } from '@lightcone/store';
import { admitProcedureCall, isRefusal } from '../admission.ts';
import type { Core } from '../core.ts';
import type { WakeUp } from '../timers.ts';
import type { TransactionInputs } from '../transaction-record.ts';
import type { DelayHistogram } from './delay-histogram.ts';
import { Lateness } from './lateness.ts';
import { OwnCalls } from './own-calls.ts';
import { PendingSchedules } from './pending-schedules.ts';
import { RowRuns, type RowRunsOwner } from './row-runs.ts';
import { TurnBudget } from './turn-budget.ts';

/**
 * Calls the functions of scheduled rows when these are due, and those that the module asked for at once.
 *
 * What is due follows from what is committed, whoever committed it. One timer waits for the first row
 * that is due. A turn does a bounded piece of the work, then the clients have theirs.
 */
export class Scheduler {
  readonly #core: Core;
  readonly #pending: PendingSchedules;
  readonly #budget: TurnBudget;
  readonly #calls: OwnCalls;
  readonly #runs: RowRuns;
  readonly #lateness: Lateness;
  #isRunning = false;
  #wakeUp: WakeUp | undefined;
  #wakeUpMicros = 0n;
  /** How far the wall clock is ahead of the one that nobody sets, when it was last looked at. */
  #aheadMicros = 0n;

  constructor(core: Core) {
    this.#core = core;
    this.#pending = new PendingSchedules(core.store, core.catalog);
    this.#budget = new TurnBudget(core.options.clock);
    this.#calls = new OwnCalls(core);
    this.#lateness = new Lateness(core);
    this.#runs = new RowRuns(core, this.#pending, this.#calls, this.#rowRunsOwner());
  }

  /** How late scheduled functions began, by name; those that ran since the database was opened. */
  get delays(): ReadonlyMap<string, DelayHistogram> {
    return this.#lateness.delays;
  }

  /** Rows that wait for their time. */
  get waitingCount(): number {
    return this.#pending.waitingCount;
  }

  /**
   * Begins, or begins anew with another module: times that are past are due, intervals count from now.
   */
  start(): void {
    this.#isRunning = true;
    const now = this.#core.options.clock.nowMicros();
    this.#aheadMicros = this.#aheadOf(now);
    this.#pending.load(now);
    this.#arm();
  }

  /** Nothing is called from here on. */
  stop(): void {
    this.#isRunning = false;
    this.#wakeUp?.cancel();
    this.#wakeUp = undefined;
    this.#runs.stop();
  }

  /** Learns of a transaction. */
  committed(delta: TransactionDelta, inputs: TransactionInputs | undefined): void {
    if (!this.#isRunning || !this.#pending.isConcernedBy(delta)) return;
    const now = this.#lookAtClock();
    const called = inputs?.timestampMicros ?? now;
    this.#pending.committed(delta, called > now ? called : now);
    this.#arm();
  }

  /** Makes the calls that a module asked for at once; what is more than a turn may take, in the next one. */
  runImmediateCalls(): void {
    const { immediateCalls: calls, options, turns } = this.#core;
    if (!this.#isRunning || calls.length === 0) return;
    this.#budget.begin();
    for (let call = calls.take(); call !== undefined; call = calls.take()) {
      this.#callNow(call.functionName, options.clock.nowMicros(), call.args);
      if (this.#budget.isSpentAfterCall()) break;
    }
    if (calls.length > 0) turns.endSoon();
  }

  #rowRunsOwner(): RowRunsOwner {
    return {
      isRunning: () => this.#isRunning,
      now: () => this.#lookAtClock(),
      began: (functionName, delayMicros) => this.#lateness.observe(functionName, delayMicros),
      ended: () => this.#procedureEnded(),
    };
  }

  /** Sees to it that the timer is not later than the first row. One that is earlier may stay. */
  #arm(): void {
    const due = this.#pending.firstDueMicros;
    if (due === undefined) {
      this.#wakeUp?.cancel();
      this.#wakeUp = undefined;
      return;
    }
    if (this.#wakeUp !== undefined) {
      if (this.#wakeUpMicros <= due) return;
      this.#wakeUp.cancel();
    }
    this.#wakeUpMicros = due;
    this.#wakeUp = this.#core.options.timers.wakeAt(due, () => this.#wake());
  }

  /** The time; notices when the clock was set back. */
  #lookAtClock(): bigint {
    const now = this.#core.options.clock.nowMicros();
    const before = this.#aheadMicros;
    this.#aheadMicros = this.#aheadOf(now);
    if (this.#aheadMicros >= before - CLOCK_JITTER_MICROS) return now;
    // A pause between two readings looks like a clock that was set back: read again.
    for (let attempt = 0; attempt < 3; attempt++) {
      const again = this.#aheadOf(this.#core.options.clock.nowMicros());
      if (again > this.#aheadMicros) this.#aheadMicros = again;
    }
    if (this.#aheadMicros < before - CLOCK_JITTER_MICROS) this.#pending.clockWasSetBack(before - this.#aheadMicros);
    return now;
  }

  #aheadOf(nowMicros: bigint): bigint {
    return nowMicros - this.#core.options.clock.monotonicNanos() / 1000n;
  }

  #wake(): void {
    this.#wakeUp = undefined;
    const { turns } = this.#core;
    if (!this.#isRunning || turns.refusal !== undefined) return;
    turns.begin();
    const now = this.#lookAtClock();
    this.#budget.begin();
    // By the time of the turn's begin: what is due again at once has its next run in another turn.
    for (let next = this.#pending.takeDue(now); next !== undefined; next = this.#pending.takeDue(now)) {
      this.#runs.run(next);
      if (this.#budget.isSpentAfterCall()) break;
    }
    this.#lateness.warn();
    this.#arm();
  }

  /** A procedure of a row is over, outside of any turn. */
  #procedureEnded(): void {
    const { turns } = this.#core;
    if (!this.#isRunning || turns.refusal !== undefined) return;
    turns.begin();
    this.#runs.runHeld();
    this.#lateness.warn();
    this.#arm();
  }

  /** A procedure of that name wins over a reducer. */
  #callNow(functionName: string, timestampMicros: bigint, args: Uint8Array): void {
    const { procedures, module } = this.#core;
    if (!module.proceduresByName.has(functionName)) {
      this.#calls.reducer(functionName, timestampMicros, args);
      return;
    }
    const procedure = admitProcedureCall(module, functionName, args, true);
    if (isRefusal(procedure)) {
      this.#core.logLine('Error', `scheduled call: ${procedure.message}`, functionName);
      return;
    }
    procedures.detach(this.#calls.procedure(procedure, timestampMicros, args));
  }
}

const CLOCK_JITTER_MICROS = 1000n;
