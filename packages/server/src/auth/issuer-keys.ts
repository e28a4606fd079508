import type { KeySet } from './key-set.ts';

/** Keys as fresh as this are used as they are. */
const FRESH_MS = 5 * 60_000;
/** Older ones than this are used only after the issuer was asked again. */
const REFRESH_FIRST_MS = 10 * 60_000;
/** How long the keys of an issuer that cannot be reached any more, or is not asked for, are kept. */
const KEPT_MS = 2 * 60 * 60_000;
/** How long an issuer is left alone after it was asked, whatever it answered. */
const PAUSE_MS = 30_000;

/** What is asked of the clock: milliseconds that only grow. */
export type MonotonicMs = () => number;

/**
 * The keys of one issuer, as last fetched:
 *
 *     age   0        5 min                      10 min                     2 h
 *           │ used   │ used, fetched meanwhile  │ fetched, else used       │ fetched
 *
 * It is asked at most every 30 s, by one request at a time: neither a token with a key that does not exist nor an
 * issuer that is down makes it busy.
 */
export class IssuerKeys {
  readonly #fetchKeys: () => Promise<KeySet>;
  readonly #nowMs: MonotonicMs;
  #keys: KeySet | undefined;
  #fetchedMs = -Infinity;
  #askedMs = -Infinity;
  #failure: Error | undefined;
  #fetching: Promise<void> | undefined;

  /** @param fetchKeys asks the issuer; what it rejects with is told to those who want its keys */
  constructor(fetchKeys: () => Promise<KeySet>, nowMs: MonotonicMs) {
    this.#fetchKeys = fetchKeys;
    this.#nowMs = nowMs;
  }

  /** Whether `get` would send a request to have an answer. */
  get needsFetch(): boolean {
    return this.#age() >= REFRESH_FIRST_MS && this.#mayAsk();
  }

  /** @throws Error saying why there are no keys; the same one until the issuer may be asked again */
  async get(): Promise<KeySet> {
    const age = this.#age();
    if (age >= FRESH_MS && this.#mayAsk()) this.#fetch();
    if (age >= REFRESH_FIRST_MS) await this.#fetching;
    if (this.#keys === undefined || this.#age() >= KEPT_MS) throw this.#failure ?? new Error('it was not asked');
    return this.#keys;
  }

  /** Asks the issuer for keys newer than some, unless that was done a moment ago. */
  async getNewerThan(keys: KeySet): Promise<KeySet> {
    if (this.#keys === keys && this.#mayAsk()) this.#fetch();
    await this.#fetching;
    return this.get();
  }

  #age(): number {
    return this.#nowMs() - this.#fetchedMs;
  }

  #mayAsk(): boolean {
    return this.#fetching === undefined && this.#nowMs() - this.#askedMs >= PAUSE_MS;
  }

  /** Never rejects: what went wrong is kept. */
  #fetch(): void {
    this.#fetching = this.#fetchKeys().then(
      (keys) => {
        this.#keys = keys;
        this.#fetchedMs = this.#askedMs = this.#nowMs();
        this.#failure = undefined;
        this.#fetching = undefined;
      },
      (error: Error) => {
        this.#askedMs = this.#nowMs();
        this.#failure = error;
        this.#fetching = undefined;
      },
    );
  }
}
