import { close, constants, fdatasync, fsync, ftruncate, fstat, open, read, write } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import type { FileLock, FileSystem, OpenFile, OpenMode, ZstdDecompressor } from './file-system.ts';

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const sync = promisify(fsync);
const datasync = promisify(fdatasync);
const truncate = promisify(ftruncate);
const stat = promisify(fstat);

// With O_DSYNC one system call, and one trip to another thread, writes and syncs. Elsewhere than on Linux it is
// missing or, on macOS, weaker than `fdatasync`.
const hasDsync = process.platform === 'linux';

/** The files of this machine. */
export class NodeFileSystem implements FileSystem {
  readonly decompressZstd: ZstdDecompressor = (frame, contentBytes) =>
    zstdDecompressSync(frame, { maxOutputLength: Math.max(1, contentBytes) });

  async makeFolder(path: string): Promise<void> {
    const firstMade = await mkdir(path, { recursive: true });
    if (firstMade === undefined) return;
    const last = dirname(resolve(firstMade));
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
    let flags = constants.O_RDONLY;
    if (mode !== 'read') flags = constants.O_RDWR | constants.O_CREAT;
    if (mode === 'write-synced' && hasDsync) flags |= constants.O_DSYNC;
    return new NodeFile(await openDescriptor(path, flags, 0o644), mode === 'write-synced' && !hasDsync);
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

  /**
   * The lock is SQLite's on an empty database, because Node has no `flock`: it is the system's own, so that no
   * stale one is left behind by a killed process, and it holds between threads too.
   */
  lock(path: string): Promise<FileLock | undefined> {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
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

class NodeFile implements OpenFile {
  readonly #descriptor: number;
  readonly #syncsAfterWrite: boolean;

  constructor(descriptor: number, syncsAfterWrite: boolean) {
    this.#descriptor = descriptor;
    this.#syncsAfterWrite = syncsAfterWrite;
  }

  async size(): Promise<number> {
    return (await stat(this.#descriptor)).size;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const count = await readSome(this.#descriptor, target, done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async write(source: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < source.length) done += await writeSome(this.#descriptor, source, done, position + done);
    if (this.#syncsAfterWrite) await datasync(this.#descriptor);
  }

  truncate(length: number): Promise<void> {
    return truncate(this.#descriptor, length);
  }

  datasync(): Promise<void> {
    return datasync(this.#descriptor);
  }

  close(): Promise<void> {
    return closeDescriptor(this.#descriptor);
  }
}

function readSome(descriptor: number, target: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((done, failed) => {
    read(descriptor, target, from, target.length - from, position, (error, count) => {
      if (error === null) done(count);
      else failed(error);
    });
  });
}

function writeSome(descriptor: number, source: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((done, failed) => {
    write(descriptor, source, from, source.length - from, position, (error, count) => {
      if (error === null) done(count);
      else failed(error);
    });
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
