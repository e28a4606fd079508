export { openCopies } from './open-copies.ts';
export type { DatabaseDescription } from './database-copy.ts';
export { restore } from './restore.ts';
export type { RestoredDatabase, RestoreOptions } from './restore.ts';
export type { RestoreTarget } from './restore-copy.ts';
export { verifyCopies } from './verify-copies.ts';
export type { VerifiedCopy } from './verify-copies.ts';
