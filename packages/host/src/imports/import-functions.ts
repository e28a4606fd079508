/** One import as the guest calls it: i32 are numbers, i64 are bigints. */
export type ImportFunction = (...args: never[]) => number | bigint | undefined | void;

/** Imports by their name in the ABI. */
export type ImportFunctions = Readonly<Record<string, ImportFunction>>;
