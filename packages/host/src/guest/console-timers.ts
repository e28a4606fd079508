import { GuestTrap } from './guest-trap.ts';

const MAX_OPEN = 1024;

export interface ConsoleTimer {
  readonly name: string;
  readonly startedAtMicros: number;
}

/** The timing spans that the guest has open, in a slab like the row iterators. */
export class ConsoleTimers {
  readonly #slots: (ConsoleTimer | undefined)[] = [];
  readonly #free: number[] = [];

  /** Answers the new timer's handle. */
  start(name: string, nowMicros: number): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    if (slot === MAX_OPEN) throw new GuestTrap(`more than ${MAX_OPEN} console timers are running`);
    this.#slots[slot] = { name, startedAtMicros: nowMicros };
    return slot + 1;
  }

  /** Ends a timer; undefined when there is none of that handle. */
  end(handle: number): ConsoleTimer | undefined {
    const timer = this.#slots[handle - 1];
    if (timer === undefined) return undefined;
    this.#slots[handle - 1] = undefined;
    this.#free.push(handle - 1);
    return timer;
  }

  closeAll(): void {
    if (this.#slots.length === 0) return;
    this.#slots.length = 0;
    this.#free.length = 0;
  }
}
