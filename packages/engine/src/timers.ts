/** Wake-ups, passed in beside the `Clock` whose times they go by: the engine has no timers of its own. */
export interface Timers {
  /**
   * Calls `run` once: when the clock shows `timeMicros` (microseconds since the Unix epoch) or when
   * as much time has passed as was left until then, whichever is first. The two differ when the clock
   * is set meanwhile: forward, and what is due is woken soon; back, and nobody waits longer for that.
   *
   * `run` is called in a turn of its own, never before this returns, however long ago `timeMicros` is.
   */
  wakeAt(timeMicros: bigint, run: () => void): WakeUp;
}

/** A call that `Timers.wakeAt` promised. */
export interface WakeUp {
  /** Takes the promise back. Does nothing after the call. */
  cancel(): void;
}
