/** How much of something the running call may still have. A procedure has it anew after each wait. */
export class Allowance {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes it, also when it is more than is left: the caller has compared. */
  take(amount: number): void {
    this.#left -= amount;
  }

  renew(): void {
    this.#left = this.#limit;
  }
}
