/**
 * The files a commit log lives in. The log itself holds no file: this is passed in, so that the same
 * code runs on a disk (`@lightcone/commitlog/node`) and on a simulated one that fails on purpose.
 *
 * Paths are joined with `/`. Failures reject with the error of the platform.
 */
export interface FileSystem {
  /** Makes a folder and its missing parents, durably. No error if it is there. */
  makeFolder(path: string): Promise<void>;
  /** The names in a folder, in no order; none if the folder is missing. */
  list(folder: string): Promise<string[]>;
  /** Opens a file. The writing modes make a missing one, and keep the content of one that is there. */
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** Renames over whatever is there. Durable after `syncFolder`. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file. No error if it is missing. Durable after `syncFolder`. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals in a folder durable. */
  syncFolder(folder: string): Promise<void>;
  /** How many bytes the disk of a folder has left, about; `Infinity` if it does not say. What is written may find less. */
  freeBytes(folder: string): number;
  /**
   * Takes the lock that a file stands for, or returns undefined if another holder has it, in any thread or process.
   * The death of the holder's thread or process releases it.
   */
  lock(path: string): Promise<FileLock | undefined>;
  /** Without it, segments that are compressed are refused (`LOG_UNSUPPORTED`). */
  readonly decompressZstd?: ZstdDecompressor;
}

/**
 * Decompresses one zstd frame to at most `contentBytes` bytes; what is returned must stay as it is.
 * Throws when it does not decompress, or gives more.
 */
export type ZstdDecompressor = (frame: Uint8Array, contentBytes: number) => Uint8Array;

/** In mode `write-synced` a write resolves only when its bytes are on disk, as if `datasync` followed it. */
export type OpenMode = 'read' | 'write' | 'write-synced';

export interface OpenFile {
  size(): Promise<number>;
  /** Reads at `position` until `target` is full or the file ends; returns the count of bytes read. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of `source` at `position`. The buffer must not change before this settles. */
  write(source: Uint8Array, position: number): Promise<void>;
  /** Cuts the file to `length` bytes. Durable after `datasync`. */
  truncate(length: number): Promise<void>;
  /** Brings everything written and the length to the disk. After a failure the content is unknown. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export interface FileLock {
  release(): Promise<void>;
}
