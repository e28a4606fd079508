import { close, constants, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { endOfZeros } from './end-of-zeros.ts';
import type { OpenFile } from './file-system.ts';
import { type NodeFile, writeSome } from './node-file.ts';

/** What disks and file systems ask of places, lengths and memory is 512, or this. */
const BLOCK_BYTES = 4096;
/** Writes that touch more blocks than this holds go through the cache. */
const MEMORY_BYTES = 1024 * 1024;
const WASM_PAGE_BYTES = 64 * 1024;

/** Of the types only those of browsers have it. */
declare const WebAssembly: { readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer } };

const openDescriptor = promisify(open);
const closeDescriptor = promisify(close);
const readDescriptor = promisify(read);

/**
 * A file whose writes are on the disk when they resolve, written past the system's cache.
 *
 * With `O_DIRECT` and `O_DSYNC` one system call, and one trip to another thread, writes and syncs, and it takes the
 * system half as long as it does through the cache. What is written so are whole blocks that the file has already: the
 * block in which a write begins is remembered from the write before, and what follows a write in its last block is
 * known where nothing but zeros was written. Everything else goes through the cache and is synced then, as are the few
 * writes that make the file longer.
 *
 * This is the one writer of its file while it is open. Linux keeps its cache in step for those who read.
 */
export class DirectFile implements OpenFile {
  readonly #file: NodeFile;
  readonly #descriptor: number;
  #size: number;
  /** From here on the file has nothing but zeros. */
  #zerosFrom: number;
  /** Memory of WebAssembly, as that begins where a page does. Only what is used of it takes memory. */
  readonly #memory = new Uint8Array(new WebAssembly.Memory({ initial: MEMORY_BYTES / WASM_PAGE_BYTES }).buffer);
  /** Which block of the file the memory begins with; undefined if with none. */
  #blockAt: number | undefined;

  private constructor(file: NodeFile, descriptor: number, size: number) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#size = size;
    this.#zerosFrom = size;
  }

  /**
   * @param file the same one, opened to be written with each write synced; closed with what this returns
   * @returns undefined where the system or the disk has no such thing
   */
  static async tryOpen(path: string, file: NodeFile): Promise<DirectFile | undefined> {
    // Elsewhere `O_DSYNC` is missing or, on macOS, weaker than `fdatasync`.
    if (process.platform !== 'linux') return undefined;
    let descriptor: number;
    try {
      descriptor = await openDescriptor(path, constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC);
    } catch {
      return undefined;
    }
    try {
      const direct = new DirectFile(file, descriptor, await file.size());
      // What is asked of writes is asked of reads.
      await readDescriptor(descriptor, direct.#memory, 0, BLOCK_BYTES, 0);
      return direct;
    } catch {
      await closeDescriptor(descriptor);
      return undefined;
    }
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#file.read(target, position);
  }

  async write(source: Uint8Array, position: number): Promise<void> {
    const end = position + source.length;
    const firstBlock = blockOf(position);
    const blocksEnd = blockOf(end + BLOCK_BYTES - 1);
    const isFollowedByZeros = end >= this.#zerosFrom || end === blocksEnd;
    if (blocksEnd > this.#size || blocksEnd - firstBlock > MEMORY_BYTES || !isFollowedByZeros) {
      await this.#writeThroughCache(source, position);
      return;
    }
    const memory = this.#memory;
    if (this.#blockAt !== firstBlock) {
      this.#blockAt = undefined;
      await this.#file.read(memory.subarray(0, BLOCK_BYTES), firstBlock);
    }
    memory.set(source, position - firstBlock);
    memory.fill(0, end - firstBlock, blocksEnd - firstBlock);
    this.#blockAt = undefined;
    for (let at = firstBlock; at < blocksEnd;) {
      at += await writeSome(this.#descriptor, memory, at - firstBlock, blocksEnd - firstBlock, at);
    }
    this.#zerosFrom = Math.max(this.#zerosFrom, end);
    if (end === blocksEnd) return;
    const lastBlock = blockOf(end);
    memory.copyWithin(0, lastBlock - firstBlock, lastBlock - firstBlock + BLOCK_BYTES);
    this.#blockAt = lastBlock;
  }

  async truncate(length: number): Promise<void> {
    this.#blockAt = undefined;
    await this.#file.truncate(length);
    // What a truncate adds is zeros.
    if (length < this.#zerosFrom) this.#zerosFrom = length;
    this.#size = length;
  }

  datasync(): Promise<void> {
    return this.#file.datasync();
  }

  async close(): Promise<void> {
    try {
      await closeDescriptor(this.#descriptor);
    } finally {
      await this.#file.close();
    }
  }

  async #writeThroughCache(source: Uint8Array, position: number): Promise<void> {
    this.#blockAt = undefined;
    await this.#file.write(source, position);
    const end = position + source.length;
    this.#size = Math.max(this.#size, end);
    const isZeros = position >= this.#zerosFrom && endOfZeros(source, 0) === source.length;
    if (!isZeros) this.#zerosFrom = Math.max(this.#zerosFrom, end);
  }
}

function blockOf(position: number): number {
  return position - (position % BLOCK_BYTES);
}
