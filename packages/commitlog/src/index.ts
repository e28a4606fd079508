export { CommitLog } from './commit-log.ts';
export type { CommitLogOptions } from './commit-log.ts';
export { CommitLogError } from './errors.ts';
export type { CommitLogErrorCode } from './errors.ts';
export type { FileLock, FileSystem, OpenFile, OpenMode, ZstdDecompressor } from './file-system.ts';
export type { CommitVisitor } from './replay.ts';
