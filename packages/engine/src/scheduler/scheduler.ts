import { ByteWriter, ConnectionId } from '@lightcone/sats';
import type { RowPointer, Table, TransactionDelta } from '@lightcone/store';
import { admitProcedureCall, isRefusal } from '../admission.ts';
import { ActiveCaller } from '../client.ts';
import type { Core } from '../core.ts';
import type { LoadedModule } from '../loaded-module.ts';
import { callReducer } from '../reducer-calls.ts';
import type { WakeUp } from '../timers.ts';
import type { TransactionInputs } from '../transaction-record.ts';
import { type DelayHistogram, newDelayHistogram, observeDelay } from './delay-histogram.ts';
import { ImmediateCalls } from './immediate-calls.ts';
import type { PendingSchedule } from './pending-schedule.ts';
import { PendingSchedules } from './pending-schedules.ts';
import { SCHEDULE_HORIZON_MICROS, delayMicros, readScheduledRow } from './schedule-at.ts';
import { TurnBudget } from './turn-budget.ts';

/**
 * Calls the functions of scheduled rows when these are due, and those that the module asked for at once.
 *
 * What is due follows from what is committed, whoever committed it. One timer waits for the first row
 * that is due. A turn does a bounded piece of the work, then the clients have theirs.
 *
 * A reducer runs with the row still there; a row that was due once is deleted afterwards, in a
 * transaction of its own, whether the reducer succeeded or not. A crash between the two runs it again.
 */
export class Scheduler {
  readonly #core: Core;
  readonly #pending: PendingSchedules;
  readonly #immediate = new ImmediateCalls();
  readonly #budget: TurnBudget;
  readonly #caller: ActiveCaller;
  readonly #key = new ByteWriter(8);
  readonly #delays = new Map<string, DelayHistogram>();
  #module: LoadedModule | undefined;
  #wakeUp: WakeUp | undefined;
  #wakeUpMicros = 0n;
  /** How far the wall clock is ahead of the one that nobody sets, when it was last looked at. */
  #aheadMicros = 0n;
  #isDeaf = false;

  /** @param core whose other parts are in place when `start` is called */
  constructor(core: Core) {
    const { identity, clock } = core.options;
    this.#core = core;
    this.#pending = new PendingSchedules(core.store, core.catalog);
    this.#budget = new TurnBudget(clock);
    this.#caller = new ActiveCaller({ identity, connectionId: ConnectionId.ZERO, jwtPayload: '{}' });
  }

  /** How late scheduled functions began, by name; those that ran since the database was opened. */
  get delays(): ReadonlyMap<string, DelayHistogram> {
    return this.#delays;
  }

  /** Rows that wait for their time. */
  get waitingCount(): number {
    return this.#pending.waitingCount;
  }

  /**
   * Begins, or begins anew with another module: times that are past are due, intervals count from now.
   */
  start(module: LoadedModule): void {
    this.#module = module;
    const now = this.#core.options.clock.nowMicros();
    this.#aheadMicros = this.#aheadOf(now);
    this.#pending.load(now);
    this.#arm();
  }

  /** Nothing is called from here on. */
  stop(): void {
    this.#module = undefined;
    this.#wakeUp?.cancel();
    this.#wakeUp = undefined;
  }

  /** Learns of a transaction. */
  committed(delta: TransactionDelta, inputs: TransactionInputs | undefined): void {
    if (this.#module === undefined || !this.#pending.isConcernedBy(delta)) return;
    const now = this.#lookAtClock();
    const called = inputs?.timestampMicros ?? now;
    this.#pending.committed(delta, called > now ? called : now);
    this.#arm();
  }

  /** Whether a row that a module has written is due later than a module may ask for. */
  isBeyondHorizon(table: Table, row: RowPointer): boolean {
    const { schedules } = this.#core.catalog;
    if (schedules.size === 0) return false;
    const description = schedules.get(table.definition.id);
    if (description === undefined) return false;
    const { at } = readScheduledRow(table, description, row);
    return delayMicros(at, this.#core.options.clock.nowMicros()) >= SCHEDULE_HORIZON_MICROS;
  }

  /** Calls a function at the end of the turn, whatever becomes of the transaction that asks for it. */
  callSoon(functionName: string, args: Uint8Array): void {
    if (this.#isDeaf) return;
    if (!this.#immediate.add(functionName, args)) {
      this.#core.logLine('Error', 'scheduled call: dropped, too many wait already', functionName);
    }
    // A procedure may ask outside of any turn.
    this.#core.turns.endSoon();
  }

  /** Does something in which nobody has a say about calls yet: a program that is only looked at asks for none. */
  withoutCallSoon<Result>(work: () => Result): Result {
    this.#isDeaf = true;
    try {
      return work();
    } finally {
      this.#isDeaf = false;
    }
  }

  /** Makes the calls of `callSoon`, in the order of asking; what is more than a turn may take, in the next one. */
  runImmediateCalls(): void {
    const module = this.#module;
    if (module === undefined || this.#immediate.length === 0) return;
    const { clock } = this.#core.options;
    this.#budget.begin();
    for (let call = this.#immediate.take(); call !== undefined; call = this.#immediate.take()) {
      this.#callNow(module, call.functionName, clock.nowMicros(), call.args);
      if (this.#budget.isSpentAfterCall()) break;
    }
    if (this.#immediate.length > 0) this.#core.turns.endSoon();
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
    const module = this.#module;
    const { turns, options } = this.#core;
    if (module === undefined || turns.refusal !== undefined) return;
    turns.begin();
    const { clock } = options;
    const now = this.#lookAtClock();
    this.#budget.begin();
    let late: { readonly functionName: string; readonly delayMicros: bigint } | undefined;
    let lateCount = 0;
    // By the time of the turn's begin: what is due again at once has its next run in another turn.
    for (let next = this.#pending.takeDue(now); next !== undefined; next = this.#pending.takeDue(now)) {
      const delay = clock.nowMicros() - next.dueMicros;
      const functionName = this.#run(module, next);
      if (delay > LATE_MICROS) {
        lateCount++;
        if (late === undefined || delay > late.delayMicros) late = { functionName, delayMicros: delay };
      }
      this.#observe(functionName, delay);
      if (this.#budget.isSpentAfterCall()) break;
    }
    if (late !== undefined) this.#warn(late.functionName, late.delayMicros, lateCount);
    this.#arm();
  }

  /** Runs the function of a row that is due and returns its name. */
  #run(module: LoadedModule, schedule: PendingSchedule): string {
    const { store, catalog, options } = this.#core;
    const functionName = catalog.schedules.get(schedule.tableId)!.functionName; // waits only while its table is there
    const table = store.table(schedule.tableId);
    const row = this.#findRow(table, schedule);
    if (row >= 0) {
      const now = options.clock.nowMicros();
      const timestamp = now > schedule.dueMicros ? now : schedule.dueMicros;
      // Copied: the function may change the row it is called with.
      this.#call(module, functionName, timestamp, table.bytes(row).slice(table.start(row), table.end(row)));
    }
    if (this.#pending.finish(schedule, this.#lookAtClock())) this.#deleteRow(table, schedule);
    return functionName;
  }

  /** A procedure of that name wins over a reducer. */
  #callNow(module: LoadedModule, functionName: string, timestampMicros: bigint, args: Uint8Array): void {
    if (!module.proceduresByName.has(functionName)) {
      this.#call(module, functionName, timestampMicros, args);
      return;
    }
    const { procedures, options } = this.#core;
    const procedure = admitProcedureCall(module, functionName, args, true);
    if (isRefusal(procedure)) {
      this.#core.logLine('Error', `scheduled call: ${procedure.message}`, functionName);
      return;
    }
    const calling = procedures.call(module, procedure, this.#caller, timestampMicros, args);
    procedures.track(calling).catch((error: Error) => options.onFailure(error));
  }

  #call(module: LoadedModule, functionName: string, timestampMicros: bigint, args: Uint8Array): void {
    const reducer = module.reducersByName.get(functionName);
    if (reducer === undefined) {
      this.#core.logLine('Error', 'scheduled call: no such reducer', functionName);
      return;
    }
    const outcome = callReducer(this.#core, module, reducer, this.#caller, timestampMicros, args, 0, args.length);
    if (outcome.kind === 'ok') this.#core.transactions.publish(undefined);
  }

  #deleteRow(table: Table, schedule: PendingSchedule): void {
    const row = this.#findRow(table, schedule);
    const { transactions } = this.#core;
    const transaction = transactions.begin();
    transaction.delete(table, row);
    // A row that stayed would be due for ever.
    transactions.commit(transaction, undefined, 'emptyView');
    transactions.publish(undefined);
  }

  #findRow(table: Table, { tableId, id }: PendingSchedule): RowPointer {
    const { indexId } = this.#core.catalog.schedules.get(tableId)!; // waits only while its table is there
    this.#key.reset();
    this.#key.u64(id);
    return table.index(indexId).findUnique(this.#key.bytes, 0, this.#key.length);
  }

  #observe(functionName: string, delay: bigint): void {
    let histogram = this.#delays.get(functionName);
    if (histogram === undefined) this.#delays.set(functionName, (histogram = newDelayHistogram()));
    observeDelay(histogram, Math.max(0, Number(delay) / 1e6));
  }

  /** One line a turn: a database that was away for a day must not fill its log with them. */
  #warn(functionName: string, delay: bigint, count: number): void {
    const others = count === 1 ? '' : `, the latest of ${count} runs`;
    this.#core.logLine('Warn', `scheduled function started ${delay / 1000n} ms late${others}`, functionName);
  }
}

/** Later than this is worth a warning. */
const LATE_MICROS = 30_000n;
const CLOCK_JITTER_MICROS = 1000n;
