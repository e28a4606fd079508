import { CommitLogError } from './errors.ts';
import type { FileSystem, OpenFile } from './file-system.ts';
import type { LogTail } from './log-tail.ts';
import { isNoSpace } from './no-space.ts';
import { OffsetIndex } from './offset-index.ts';
import { SEGMENT_HEADER_BYTES, segmentHeader, segmentPath } from './segment-header.ts';

/** The ending of a segment's name until its first commit is on disk. */
export const UNFINISHED = '.tmp';

/** The most that is set aside at once: a millisecond or two, for some hundreds of commits under load. */
const MAX_ROOM_BYTES = 1024 * 1024;
/** So much there is to be before anything is written; or as much as there is content, if that is less. */
export const MIN_ROOM_BYTES: number = 64 * 1024;
/** No more of the disk than this part of what is left is set aside: others write there, too. */
const SHARE_OF_DISK = 1 / 4;

/**
 * The segment that is written: whole commits go to its end, each on disk before the next.
 *
 * Room is set aside ahead of them by writing zeros: as much as there is content, but at most 1 MiB at once and a quarter
 * of what the disk has left. A commit that only overwrites takes a system neither new blocks nor a new length of the
 * file to bring to the disk, so a sync takes about two thirds of the time. `trim` gives the room back; a program that is
 * killed leaves it to the next start, which finds a torn tail. [LOG-4]
 */
export class SegmentFile {
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #file: OpenFile;
  readonly #index: OffsetIndex;
  #length: number;
  /** Where the room that was set aside ends. */
  #roomEnd: number;

  private constructor(
    fs: FileSystem,
    folder: string,
    path: string,
    file: OpenFile,
    index: OffsetIndex,
    length: number,
  ) {
    this.path = path;
    this.#fs = fs;
    this.#folder = folder;
    this.#file = file;
    this.#index = index;
    this.#length = length;
    this.#roomEnd = length;
  }

  /**
   * Makes a segment with its first commit, which begins at `txOffset`; it is on disk when this resolves.
   *
   * Written aside and renamed: a segment is never seen without its first commit, whole. [LOG-5] relies on it.
   */
  static async begin(fs: FileSystem, folder: string, txOffset: number, commit: Uint8Array): Promise<SegmentFile> {
    const path = segmentPath(folder, txOffset);
    const unfinished = await fs.open(`${path}${UNFINISHED}`, 'write');
    try {
      await unfinished.truncate(0);
      await unfinished.write(segmentHeader(), 0);
      await unfinished.write(commit, SEGMENT_HEADER_BYTES);
      await unfinished.datasync();
    } finally {
      await unfinished.close();
    }
    await fs.rename(`${path}${UNFINISHED}`, path);
    await fs.syncFolder(folder);
    const file = await fs.open(path, 'write-synced');
    const index = await OffsetIndex.resume(fs, folder, txOffset, txOffset);
    return new SegmentFile(fs, folder, path, file, index, SEGMENT_HEADER_BYTES + commit.length);
  }

  /** Goes on with the segment of `tail`; cuts its torn tail off. */
  static async resume(fs: FileSystem, folder: string, tail: LogTail): Promise<SegmentFile> {
    const path = segmentPath(folder, tail.segment);
    const file = await fs.open(path, 'write-synced');
    try {
      if ((await file.size()) > tail.goodBytes) await file.truncate(tail.goodBytes);
      // [LOG-8] The last commit may be one whose sync failed in an earlier process: the system can still show its
      // bytes, take them for written, and never bring them to the disk. Writing them again makes sure.
      const lastCommit = new Uint8Array(tail.goodBytes - tail.lastCommitPosition);
      if ((await file.read(lastCommit, tail.lastCommitPosition)) < lastCommit.length) {
        throw new CommitLogError('LOG_READ_FAILED', `${path}: the file became shorter while it was opened`);
      }
      await file.write(lastCommit, tail.lastCommitPosition);
      await file.datasync();
      // The segment may have been renamed into place just before the earlier process ended.
      await fs.syncFolder(folder);
    } catch (error) {
      await file.close();
      throw error;
    }
    const index = await OffsetIndex.resume(fs, folder, tail.segment, tail.nextTxOffset);
    return new SegmentFile(fs, folder, path, file, index, tail.goodBytes);
  }

  /** Bytes of the header and all commits. */
  get length(): number {
    return this.#length;
  }

  /** Bytes of the room that no commit has taken yet. */
  get roomBytes(): number {
    return this.#roomEnd - this.#length;
  }

  /** Writes a commit that begins at `txOffset`; it is on disk when this resolves. */
  async append(commit: Uint8Array, txOffset: number): Promise<void> {
    const position = this.#length;
    const end = position + commit.length;
    if (end > this.#roomEnd) {
      const free = this.#fs.freeBytes(this.#folder) - commit.length;
      const room = Math.min(end, MAX_ROOM_BYTES, Math.floor(free * SHARE_OF_DISK));
      if (room > 0) await this.#makeRoom(end, room);
    }
    await this.#file.write(commit, position);
    this.#length = end;
    this.#roomEnd = Math.max(this.#roomEnd, end);
    this.#index.add(txOffset, position);
  }

  /**
   * Sees to it that the next commits have room. [LOG-11]
   * @returns false if the disk is full: the room that it had is given back, so that it is found again when there is more
   */
  async findRoom(): Promise<boolean> {
    const wanted = this.#length + Math.min(this.#length, MIN_ROOM_BYTES);
    if (this.#roomEnd < wanted) await this.#makeRoom(this.#length, wanted - this.#length);
    return this.#roomEnd >= wanted;
  }

  /** Gives back the room that no commit took: the file then is what its commits are. Nothing is appended after it. */
  async trim(): Promise<void> {
    if (this.#roomEnd === this.#length) return;
    await this.#file.truncate(this.#length);
    await this.#file.datasync();
    this.#roomEnd = this.#length;
  }

  /**
   * Where the disk has too little for it, there is none: whether the commit itself fits its own write finds out. It is the
   * one failure after which a file is written on [LOG-7]: every commit was on disk before, by a write of its own, and what
   * has failed is zeros behind them.
   */
  async #makeRoom(from: number, byteLength: number): Promise<void> {
    const room = new Uint8Array(byteLength);
    try {
      await this.#file.write(room, from);
      this.#roomEnd = from + room.length;
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      // A part of it may be there, and takes the place that the commit needs.
      await this.#file.truncate(from);
      this.#roomEnd = from;
    }
  }

  async close(): Promise<void> {
    await this.#index.close();
    await this.#file.close();
  }
}
