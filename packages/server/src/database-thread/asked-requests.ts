import type { Overload } from '@lightcone/engine';

/** Requests of one asker that a database may have: as many wait in the gateway or in its order, run, or wait for its disk. */
const MAX_REQUESTS = 4096;
/** Their bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** The bytes of all askers together, but for those of whom it has nothing. */
const MAX_BYTES_TOGETHER = 256 * 1024 * 1024;

interface Asked {
  count: number;
  byteLength: number;
}

/** What a database has of requests by those who have no connection to it, so that it is not more than fits. */
export class AskedRequests {
  readonly #byAsker = new Map<string, Asked>();
  #byteLength = 0;

  /** Counts a request that goes to the database, until `over`, or says why it may not go. */
  begin(asker: string, byteLength: number): Overload | undefined {
    const asked = this.#byAsker.get(asker);
    if (asked === undefined) this.#byAsker.set(asker, { count: 1, byteLength });
    else if (
      asked.count >= MAX_REQUESTS ||
      asked.byteLength + byteLength > MAX_BYTES ||
      this.#byteLength + byteLength > MAX_BYTES_TOGETHER
    ) {
      const message = `the database has ${asked.count} requests of this caller, which is more than it can do now; try again later`;
      return { kind: 'overloaded', message, retryAfterSeconds: 1 };
    } else {
      asked.count++;
      asked.byteLength += byteLength;
    }
    this.#byteLength += byteLength;
    return undefined;
  }

  /** A request is answered, or the database is gone. */
  over(asker: string, byteLength: number): void {
    const asked = this.#byAsker.get(asker)!; // it was begun
    asked.count--;
    asked.byteLength -= byteLength;
    this.#byteLength -= byteLength;
    if (asked.count === 0) this.#byAsker.delete(asker);
  }
}
