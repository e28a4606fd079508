import { ByteWriter } from '@lightcone/sats';
import type { HostCalls } from '../host-calls.ts';
import type { LogRecord } from '../log-record.ts';
import { Allowance } from './allowance.ts';
import { BytesSinks } from './bytes-sinks.ts';
import { BytesSources } from './bytes-sources.ts';
import { ConsoleTimers } from './console-timers.ts';
import { GuestMemory } from './guest-memory.ts';
import { OutOfEnergy } from './guest-trap.ts';
import { IndexRange } from './index-range.ts';
import { RowIterators } from './row-iterators.ts';

/** What an instance needs from whoever runs it. */
export interface HostEnvironment {
  readonly calls: HostCalls;
  /** 32 bytes, little-endian. */
  readonly databaseIdentity: Uint8Array;
  log(record: LogRecord): void;
  /** Wall clock, whole microseconds since the Unix epoch: for log records and console timers. */
  nowMicros(): number;
}

const NO_FUEL = -1n;
// What a call may leave behind, whatever becomes of its transaction: the disk and the queue belong to everybody.
const MAX_LOG_BYTES = 2 ** 24;
const MAX_SCHEDULED_BYTES = 2 ** 26;

/** What the imports of one instance share: its memory, its handles, and the scratch that saves them allocations. */
export class Guest {
  readonly environment: HostEnvironment;
  readonly calls: HostCalls;
  readonly memory: GuestMemory = new GuestMemory();
  readonly iterators: RowIterators = new RowIterators();
  readonly sources: BytesSources = new BytesSources();
  readonly sinks: BytesSinks = new BytesSinks();
  readonly timers: ConsoleTimers = new ConsoleTimers();
  readonly generated: ByteWriter = new ByteWriter();
  readonly range: IndexRange = new IndexRange();
  /** Bytes of log records. */
  readonly log: Allowance = new Allowance(MAX_LOG_BYTES);
  /** Bytes of arguments of calls that were scheduled for later. */
  readonly scheduled: Allowance = new Allowance(MAX_SCHEDULED_BYTES);
  /** Until the module has described itself: no call has begun, and nothing may wait or change data. */
  isInitializing = true;
  /** The panic that it has logged while initialising: a module that does not start may have no log to look it up in. */
  lastWords: string | undefined;
  /** What the guest has left for its own instructions; absent until it is instantiated. */
  fuel: WebAssembly.Global | undefined;
  /** The first trap of the running call that went through an import, in case the guest catches it. */
  trap: { readonly error: unknown } | undefined;
  /** What the host has done for the running call, in units of energy. */
  work = 0;
  /** The work that ends the call. */
  #workLimit: number;

  /** @param workLimit for what happens before the first call: the module's start function */
  constructor(environment: HostEnvironment, workLimit: number) {
    this.environment = environment;
    this.calls = environment.calls;
    this.#workLimit = workLimit;
  }

  /**
   * Counts host work. The guest's own instructions are counted inside the module; without this, a loop of one
   * expensive import would run a thousand times longer than its instructions say.
   */
  charge(units: number): void {
    this.work += units;
    if (this.work > this.#workLimit) throw new OutOfEnergy('the budget of energy is used up');
  }

  begin(workLimit: number): void {
    this.trap = undefined;
    this.work = 0;
    this.#workLimit = workLimit;
    this.renewAllowances();
  }

  renewAllowances(): void {
    this.log.renew();
    this.scheduled.renew();
  }

  /** Makes a trap final: the guest may catch what is thrown, but it stops at its next check. */
  remember(error: unknown): void {
    this.trap ??= { error };
    if (this.fuel !== undefined) this.fuel.value = NO_FUEL;
  }

  /** Drops every handle. Iterators and timers too, which the reference host leaks. */
  end(): void {
    this.iterators.closeAll();
    this.sources.closeAll();
    this.sinks.closeAll();
    this.timers.closeAll();
  }
}
