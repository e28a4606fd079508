import { close, constants, fsync, open, statfsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { makeFolder } from '@lightcone/blobs/make-folder';
import { DirectFile } from './direct-file.ts';
import type { FileLock, FileSystem, OpenFile, OpenMode, ZstdDecompressor } from './file-system.ts';
import { NodeFile } from './node-file.ts';

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const sync = promisify(fsync);

/** The files of this machine. */
export class NodeFileSystem implements FileSystem {
  readonly decompressZstd: ZstdDecompressor = (frame, contentBytes) =>
    zstdDecompressSync(frame, { maxOutputLength: Math.max(1, contentBytes) });

  async makeFolder(path: string): Promise<void> {
    const firstMade = await makeFolder(resolve(path));
    if (firstMade === undefined) return;
    const last = dirname(firstMade);
    for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
      await this.syncFolder(folder);
      if (folder === last) return;
    }
  }

  async list(folder: string): Promise<string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const flags = mode === 'read' ? constants.O_RDONLY : constants.O_RDWR | constants.O_CREAT;
    const file = new NodeFile(await openDescriptor(path, flags, 0o644), mode === 'write-synced');
    return mode === 'write-synced' ? ((await DirectFile.tryOpen(path, file)) ?? file) : file;
  }

  rename(from: string, to: string): Promise<void> {
    return rename(from, to);
  }

  remove(path: string): Promise<void> {
    return rm(path, { force: true });
  }

  async syncFolder(folder: string): Promise<void> {
    // Windows has no such thing, and does not need it.
    if (process.platform === 'win32') return;
    const descriptor = await openDescriptor(folder, constants.O_RDONLY);
    try {
      await sync(descriptor);
    } finally {
      await closeDescriptor(descriptor);
    }
  }

  freeBytes(folder: string): number {
    try {
      const { bavail, blocks, bsize } = statfsSync(folder);
      // Of a file system without a size of its own nothing is known.
      return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize;
    } catch {
      return Number.POSITIVE_INFINITY;
    }
  }

  /**
   * The lock is SQLite's on an empty database, because Node has no `flock`: it is the system's own, so that no
   * stale one is left behind by a killed process, and it holds between threads too. Its journal is in memory: on a disk
   * that is full a file for it could not be made, and nothing is ever written.
   */
  lock(path: string): Promise<FileLock | undefined> {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if (isBusy(error)) return Promise.resolve(undefined);
      return Promise.reject(error);
    }
    const release = (): Promise<void> => {
      if (database.isOpen) database.close();
      return Promise.resolve();
    };
    return Promise.resolve({ release });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
