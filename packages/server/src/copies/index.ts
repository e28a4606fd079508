export { openBlobStore } from '@lightcone/blobs/node';
export type { DatabaseDescription } from './database-copy.ts';
export { restore } from './restore.ts';
export type { RestoredDatabase, RestoreOptions } from './restore.ts';
export type { RestoreTarget } from './restore-copy.ts';
