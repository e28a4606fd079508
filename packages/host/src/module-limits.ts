export interface ModuleLimits {
  /** The most that the module's memory may grow to, in pages of 64 KiB. */
  readonly maxMemoryPages: number;
  /** What one call, and the initialisation of an instance, may use: about one unit per instruction executed. */
  readonly energyPerCall: number;
}

/** Memory of 1 GiB, and energy that an endless loop burns in some ten seconds. */
export const DEFAULT_LIMITS: ModuleLimits = { maxMemoryPages: 16_384, energyPerCall: 20_000_000_000 };
