export { createSync } from './create-sync.ts';
export type { SyncOptions } from './create-sync.ts';
export { SyncError } from './errors.ts';
export type { SyncErrorCode } from './errors.ts';
export type { SyncProgress } from './layout.ts';
export type { SyncRuntime } from './runtime.ts';
export type { Sync, SyncOnceOptions, SyncReport } from './sync.ts';
export type { SyncTimes } from './sync-schedule.ts';
export type { SyncStatus } from './sync-status.ts';
