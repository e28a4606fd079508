/** A token bucket's measures: `burst` requests at once, and `perSecond` more with each second. */
export interface RateLimit {
  /** Above 0; a fraction for less than one a second. */
  readonly perSecond: number;
  /** At least 1. */
  readonly burst: number;
}

/** How often a database may be asked for something by its clients; what is undefined has no limit. */
export interface RateLimits {
  /** Calls, subscriptions and queries of one connection. */
  readonly perConnection: RateLimit | undefined;
  /** Those of one identity, over all its connections and HTTP requests. */
  readonly perIdentity: RateLimit | undefined;
  /** Calls of a reducer or procedure by one identity, by the function's name. */
  readonly functions: ReadonlyMap<string, RateLimit>;
}
