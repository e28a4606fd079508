/** Sizes that decide how objects of the log layout are cut and when they go. */
export interface LogLimits {
  /** A segment, or a part of a pack, is closed when it has so many bytes. */
  readonly objectBytes: number;
  /** Who puts a segment at a multiple of this position compacts. */
  readonly compactEvery: number;
  /** What packs cover is merged from the storage up to so many bytes, beyond from the database. */
  readonly mergeBytes: number;
  /** What a pack has is kept so long beside it, by the storage's clock: devices that lag behind a little read less. */
  readonly keepMs: number;
  /** And no more objects than these, the newest ones. */
  readonly keepObjects: number;
}

export const LOG_LIMITS: LogLimits = {
  objectBytes: 8 * 1024 * 1024,
  compactEvery: 16,
  mergeBytes: 16 * 1024 * 1024,
  keepMs: 24 * 60 * 60 * 1000,
  keepObjects: 256,
};
