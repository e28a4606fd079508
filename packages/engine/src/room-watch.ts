import type { CommitLog } from '@lightcone/commitlog';
import type { Clock } from './clock.ts';
import type { Timers, WakeUp } from './timers.ts';

const PAUSE_MICROS = 1_000_000n;

/** Looks every second whether there is room on a disk that was full when its log was opened. */
export class RoomWatch {
  readonly #log: CommitLog;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #onRoom: () => void;
  #wakeUp: WakeUp | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  /** @param onRoom called once */
  constructor(log: CommitLog, clock: Clock, timers: Timers, onRoom: () => void) {
    this.#log = log;
    this.#clock = clock;
    this.#timers = timers;
    this.#onRoom = onRoom;
    this.#wait();
  }

  /** Resolves when nothing looks any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wakeUp?.cancel();
    await this.#looking;
  }

  #wait(): void {
    this.#wakeUp = this.#timers.wakeAt(this.#clock.nowMicros() + PAUSE_MICROS, () => {
      this.#looking = this.#look();
    });
  }

  async #look(): Promise<void> {
    // What fails otherwise than by being full says nothing about room.
    const hasRoom = await this.#log.lookForRoom().catch(() => false);
    if (this.#isClosed) return;
    if (hasRoom) this.#onRoom();
    else this.#wait();
  }
}
