/** A call that a module asked for, outside of any transaction. */
export interface ImmediateCall {
  readonly functionName: string;
  readonly args: Uint8Array;
}

/** The calls of `volatile_nonatomic_schedule_immediate`, in the order of asking. A restart forgets them. */
export class ImmediateCalls {
  #calls: ImmediateCall[] = [];
  #taken = 0;
  #bytes = 0;

  get length(): number {
    return this.#calls.length - this.#taken;
  }

  /** @returns false if too many wait already; the call is then not taken */
  add(functionName: string, args: Uint8Array): boolean {
    if (this.length >= MAX_CALLS || this.#bytes + args.length > MAX_BYTES) return false;
    this.#calls.push({ functionName, args });
    this.#bytes += args.length;
    return true;
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
