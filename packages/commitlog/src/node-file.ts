import { close, fdatasync, fstat, ftruncate, read, write } from 'node:fs';
import { promisify } from 'node:util';
import type { OpenFile } from './file-system.ts';

const closeDescriptor = promisify(close);
const datasync = promisify(fdatasync);
const truncate = promisify(ftruncate);
const stat = promisify(fstat);

/** A file of this machine, read and written through the system's cache. */
export class NodeFile implements OpenFile {
  readonly #descriptor: number;
  readonly #isSynced: boolean;

  /** @param isSynced whether a write resolves only when its bytes are on disk */
  constructor(descriptor: number, isSynced: boolean) {
    this.#descriptor = descriptor;
    this.#isSynced = isSynced;
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
    while (done < source.length)
      done += await writeSome(this.#descriptor, source, done, source.length, position + done);
    if (this.#isSynced) await datasync(this.#descriptor);
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

/** Writes `source[from..end]`, or the first part of it, at `position`; resolves with how many bytes that was. */
export function writeSome(
  descriptor: number,
  source: Uint8Array,
  from: number,
  end: number,
  position: number,
): Promise<number> {
  return new Promise((done, failed) => {
    write(descriptor, source, from, end - from, position, (error, count) => {
      if (error === null) done(count);
      else failed(error);
    });
  });
}
