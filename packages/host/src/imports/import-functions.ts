/** One import as the guest calls it: i32 are numbers, i64 are bigints. A promise suspends the guest. */
export type ImportFunction = (...args: never[]) => number | bigint | undefined | void | Promise<number | bigint>;

/** Imports by their name in the ABI. */
export type ImportFunctions = Readonly<Record<string, ImportFunction>>;
