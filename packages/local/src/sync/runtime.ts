/** What a sync takes from the world; that of the platform unless told. */
export interface SyncRuntime {
  /** Milliseconds since 1970. */
  now(): number;
  randomBytes(count: number): Uint8Array;
  /** Calls once after so many milliseconds. @returns what stops it */
  startTimer(ms: number, expired: () => void): () => void;
}

export const PLATFORM: SyncRuntime = {
  now: () => Date.now(),
  randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  startTimer: (ms, expired) => {
    const timer = setTimeout(expired, ms);
    return () => clearTimeout(timer);
  },
};
