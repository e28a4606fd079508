export { listBackups, verifyBackup } from './backup-list.ts';
export type { Backup } from './backup-list.ts';
export type { BackedUpBlob, BackupManifest } from './backup-manifest.ts';
export { openCopies } from './open-copies.ts';
export type { DatabaseDescription } from './database-copy.ts';
export { restore } from './restore.ts';
export type { RestoredDatabase, RestoreOptions } from './restore.ts';
export type { RestoreTarget } from './restore-copy.ts';
