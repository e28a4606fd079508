import type { FileLock, FileSystem, OpenFile, OpenMode } from '../file-system.ts';
import { SimulatedDisk, seededRandom } from './simulated-disk.ts';

/** What changed on a disk, so that it can be done again up to any point. */
type Change =
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string };

/** A disk as a program leaves it that is ended at some point of its life. */
export interface CrashPoint {
  readonly disk: SimulatedDisk;
  /** What was under way, for messages. */
  readonly during: string;
  /** The last mark that was set before. */
  readonly mark: number;
}

/**
 * A file system that remembers every change, to try out all the points at which its program could have been ended:
 * between two changes, and in every write after every byte.
 */
export class DiskJournal implements FileSystem {
  readonly #inner: FileSystem;
  readonly #changes: (Change & { readonly mark: number })[] = [];
  #mark = 0;

  constructor(inner: FileSystem) {
    this.#inner = inner;
  }

  /** From now on crash points carry this number, which says for instance what was promised by then. */
  set mark(mark: number) {
    this.#mark = mark;
  }

  /** The changes so far. */
  get length(): number {
    return this.#changes.length;
  }

  /** @param from the first change that is cut; those before are there as a whole */
  *crashPoints(from = 0): Generator<CrashPoint> {
    for (let count = from; count < this.#changes.length; count++) {
      const next = this.#changes[count]!; // count < length
      const cuts = next.kind === 'write' ? next.bytes.length : 1;
      for (let bytes = 0; bytes < cuts; bytes++) {
        const during = next.kind === 'write' ? `byte ${bytes} of a write of ${cuts}` : next.kind;
        yield { disk: this.#diskAt(count, bytes), during: `change ${count}, ${during}, ${next.path}`, mark: next.mark };
      }
    }
    yield { disk: this.#diskAt(this.#changes.length, 0), during: 'nothing', mark: this.#mark };
  }

  makeFolder(path: string): Promise<void> {
    return this.#inner.makeFolder(path);
  }

  list(folder: string): Promise<string[]> {
    return this.#inner.list(folder);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    const file = await this.#inner.open(path, mode);
    if (mode !== 'read') this.#note({ kind: 'create', path });
    return {
      size: () => file.size(),
      read: (target, position) => file.read(target, position),
      write: (source, position) => {
        this.#note({ kind: 'write', path, position, bytes: source.slice() });
        return file.write(source, position);
      },
      truncate: (length) => {
        this.#note({ kind: 'truncate', path, length });
        return file.truncate(length);
      },
      datasync: () => file.datasync(),
      close: () => file.close(),
    };
  }

  rename(from: string, to: string): Promise<void> {
    this.#note({ kind: 'rename', path: from, to });
    return this.#inner.rename(from, to);
  }

  remove(path: string): Promise<void> {
    this.#note({ kind: 'remove', path });
    return this.#inner.remove(path);
  }

  syncFolder(folder: string): Promise<void> {
    return this.#inner.syncFolder(folder);
  }

  freeBytes(folder: string): number {
    return this.#inner.freeBytes(folder);
  }

  lock(path: string): Promise<FileLock | undefined> {
    return this.#inner.lock(path);
  }

  #note(change: Change): void {
    this.#changes.push({ ...change, mark: this.#mark });
  }

  /** The first changes, and so many bytes of the next one if it is a write. */
  #diskAt(count: number, bytes: number): SimulatedDisk {
    const files = new Map<string, Uint8Array>();
    for (const change of this.#changes.slice(0, count)) apply(files, change);
    const next = this.#changes[count];
    if (next?.kind === 'write' && bytes > 0) apply(files, { ...next, bytes: next.bytes.subarray(0, bytes) });
    const disk = new SimulatedDisk(seededRandom(count));
    for (const [path, content] of files) disk.place(path, content);
    return disk;
  }
}

function apply(files: Map<string, Uint8Array>, change: Change): void {
  const before = files.get(change.path) ?? new Uint8Array(0);
  switch (change.kind) {
    case 'create':
      files.set(change.path, before);
      break;
    case 'write': {
      const end = change.position + change.bytes.length;
      const after = new Uint8Array(Math.max(before.length, end));
      after.set(before);
      after.set(change.bytes, change.position);
      files.set(change.path, after);
      break;
    }
    case 'truncate':
      files.set(change.path, before.slice(0, change.length));
      break;
    case 'rename':
      files.delete(change.path);
      files.set(change.to, before);
      break;
    case 'remove':
      files.delete(change.path);
      break;
  }
}
