/** One counts as being there until it was looked so often whether others go on: a second or two. */
const LOOKS = 1000;

/**
 * Whether a client is there that asks for one thing at a time. Those that ask for much leave the processors to it.
 *
 * It is whoever asked for something last when nothing else of it was under way. That is also true of the first thing that
 * one asks for who asks for much, and says nothing to itself.
 */
export class ModestClient {
  #number: number | undefined;
  #looksLeft = 0;

  /** A client asks for something, of which nothing else is under way. */
  heard(number: number): void {
    this.#number = number;
    this.#looksLeft = LOOKS;
  }

  /** A client is gone. */
  forget(number: number): void {
    if (this.#number === number) this.#looksLeft = 0;
  }

  /** It was looked whether those that wait may go on. */
  looked(): void {
    if (this.#looksLeft > 0) this.#looksLeft--;
  }

  get isThere(): boolean {
    return this.#looksLeft > 0;
  }

  /** Whether one is there beside the client with a number. */
  isBeside(number: number): boolean {
    return this.isThere && this.#number !== number;
  }
}
