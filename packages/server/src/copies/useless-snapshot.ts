/** Codes of errors that say of a snapshot that it cannot be used, now or later. */
export const USELESS_SNAPSHOT: ReadonlySet<string> = new Set(['SNAPSHOT_DAMAGED', 'SNAPSHOT_UNSUPPORTED']);
