import type { Turns } from '../turns.ts';

/** A call that a module asked for, outside of any transaction. */
export interface ImmediateCall {
  readonly functionName: string;
  readonly args: Uint8Array;
}

/**
 * The calls of `volatile_nonatomic_schedule_immediate`, in the order of asking, until the end of the turn. They are made
 * whatever becomes of the transaction that asks for them; a restart forgets them.
 */
export class ImmediateCalls {
  readonly #turns: Pick<Turns, 'endSoon'>;
  readonly #onDropped: (functionName: string) => void;
  #isDeaf = false;
  #calls: ImmediateCall[] = [];
  #taken = 0;
  #bytes = 0;

  /** @param onDropped told of a call that is not taken, as too many wait already */
  constructor(turns: Pick<Turns, 'endSoon'>, onDropped: (functionName: string) => void) {
    this.#turns = turns;
    this.#onDropped = onDropped;
  }

  get length(): number {
    return this.#calls.length - this.#taken;
  }

  ask(functionName: string, args: Uint8Array): void {
    if (this.#isDeaf) return;
    if (this.length >= MAX_CALLS || this.#bytes + args.length > MAX_BYTES) this.#onDropped(functionName);
    else {
      this.#calls.push({ functionName, args });
      this.#bytes += args.length;
    }
    // A procedure may ask outside of any turn.
    this.#turns.endSoon();
  }

  /** Does something in which nobody has a say about calls yet: a program that is only looked at asks for none. */
  askingNone<Result>(work: () => Result): Result {
    this.#isDeaf = true;
    try {
      return work();
    } finally {
      this.#isDeaf = false;
    }
  }

  take(): ImmediateCall | undefined {
    const call = this.#calls[this.#taken];
    if (call === undefined) return undefined;
    this.#bytes -= call.args.length;
    // Calls that ask for others keep the list from ever being empty.
    if (++this.#taken >= KEPT_TAKEN || this.length === 0) {
      this.#calls = this.#calls.slice(this.#taken);
      this.#taken = 0;
    }
    return call;
  }
}

const MAX_CALLS = 65_536;
const MAX_BYTES = 64 * 1024 * 1024;
const KEPT_TAKEN = 4096;
