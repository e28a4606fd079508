import type { FileLock, FileSystem, OpenFile, OpenMode, ZstdDecompressor } from '../file-system.ts';

const SECTOR_BYTES = 512;

/** What a disk can be told to fail at. */
export type DiskOperation =
  | 'list'
  | 'open'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'rename'
  | 'remove'
  | 'syncFolder';

/** What a name stands for: what programs see, and what is on the disk. */
interface Inode {
  seen: Uint8Array;
  stored: Uint8Array;
  /** The sectors that are seen otherwise than stored and still due to be written. */
  readonly dirty: Set<number>;
}

/** Changes of names that happen together: a rename has two. */
type NameChange = readonly [NameEntry, ...NameEntry[]];
type NameEntry = readonly [path: string, inode: Inode | undefined];

/**
 * A disk in memory that fails the way disks do.
 *
 * Until a sync, a write may reach the disk in any part, sector by sector and in any order, and changes of names may
 * reach it up to any one of them; `losePower` chooses. A failed sync leaves the bytes visible and never writes them
 * (as Linux does), also when a later one succeeds. A full disk takes the first part of a write. On a slow disk a write
 * is half done for a while, and stays so if the program dies.
 */
export class SimulatedDisk implements FileSystem {
  /** Room for the content of files, in bytes. */
  capacityBytes: number = Number.POSITIVE_INFINITY;
  /** What compressed segments are read with; nothing unless given. */
  decompressZstd?: ZstdDecompressor;
  /** Count of the operations so far that change something. */
  operations = 0;

  readonly #random: () => number;
  readonly #takesTime: ((operation: 'write' | 'datasync') => Promise<void>) | undefined;
  #seenNames = new Map<string, Inode>();
  #storedNames = new Map<string, Inode>();
  #nameChanges: NameChange[] = [];
  readonly #locked = new Set<string>();
  /** Those that are open, each as often as it is. */
  #openPaths: string[] = [];
  readonly #faults = new Map<DiskOperation, number>();
  /** Files opened before a restart are dead. */
  #boot = 0;
  #powerOffAt = Number.POSITIVE_INFINITY;
  #heldSyncs: PromiseWithResolvers<void> | undefined;
  #liesAboutSyncs = false;

  /**
   * @param random numbers from 0 to below 1: the choices of the disk, repeatable if they are
   * @param takesTime resolves when a write or sync has had its time; they are done at once unless it is given
   */
  constructor(random: () => number, takesTime?: (operation: 'write' | 'datasync') => Promise<void>) {
    this.#random = random;
    this.#takesTime = takesTime;
  }

  /** What the content of files takes. */
  get usedBytes(): number {
    return [...new Set(this.#seenNames.values())].reduce((sum, { seen }) => sum + seen.length, 0);
  }

  /** The files that are open. */
  get openPaths(): readonly string[] {
    return this.#openPaths;
  }

  /** Lets the operation fail with EIO, after `successes` more that succeed. */
  failAfter(operation: DiskOperation, successes: number): void {
    this.#faults.set(operation, successes);
  }

  /** Nothing is told to fail any more. */
  repair(): void {
    this.#faults.clear();
  }

  /** From now on syncs of files do not end, until `releaseSyncs`. */
  holdSyncs(): void {
    this.#heldSyncs ??= Promise.withResolvers();
  }

  releaseSyncs(): void {
    this.#heldSyncs?.resolve();
    this.#heldSyncs = undefined;
  }

  /** From now on syncs succeed and bring nothing to the disk: no program can bear that, and a test of tests needs it. */
  lieAboutSyncs(): void {
    this.#liesAboutSyncs = true;
  }

  /** One bit of a file is another one from now on, on the disk and for whoever reads it. */
  flipBit(path: string, bit: number): void {
    const inode = this.#inode(path);
    const at = Math.floor(bit / 8);
    for (const content of [inode.seen, inode.stored]) {
      if (at < content.length) content[at] = content[at]! ^ (1 << (bit % 8));
    }
  }

  /** Lets everything fail from the time when `operations` has this value, until `losePower`. */
  powerOffAt(operations: number): void {
    this.#powerOffAt = operations;
  }

  /** The program dies, the system lives: what was written is still seen. */
  killProgram(): void {
    this.#boot++;
    this.#locked.clear();
    this.#openPaths = [];
    this.#faults.clear();
    this.#powerOffAt = Number.POSITIVE_INFINITY;
  }

  /** The system dies: what was not synced is there in part, or not at all. */
  losePower(): void {
    this.killProgram();
    const survivors = Math.floor(this.#random() * (this.#nameChanges.length + 1));
    for (const change of this.#nameChanges.slice(0, survivors)) applyTo(this.#storedNames, change);
    this.#nameChanges = [];
    this.#seenNames = new Map(this.#storedNames);
    for (const inode of new Set(this.#storedNames.values())) this.#losePart(inode);
  }

  /** The content of a file as programs see it: a copy. */
  contentOf(path: string): Uint8Array {
    return this.#inode(path).seen.slice();
  }

  /** Puts a file on the disk, synced. */
  place(path: string, content: Uint8Array): void {
    const inode: Inode = { seen: content.slice(), stored: content.slice(), dirty: new Set() };
    this.#seenNames.set(path, inode);
    this.#storedNames.set(path, inode);
  }

  makeFolder(): Promise<void> {
    return Promise.resolve();
  }

  async list(folder: string): Promise<string[]> {
    this.#failIfTold('list');
    const prefix = `${folder}/`;
    const paths = [...this.#seenNames.keys()].filter((path) => path.startsWith(prefix));
    return paths.map((path) => path.slice(prefix.length));
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    this.#failIfTold('open');
    let inode = this.#seenNames.get(path);
    if (inode === undefined && mode !== 'read') {
      this.#count();
      inode = { seen: new Uint8Array(0), stored: new Uint8Array(0), dirty: new Set() };
      this.#changeNames([[path, inode]]);
    }
    return this.#handle(path, inode ?? this.#inode(path), mode);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#begin('rename');
    const inode = this.#inode(from);
    this.#changeNames([
      [from, undefined],
      [to, inode],
    ]);
  }

  async remove(path: string): Promise<void> {
    this.#begin('remove');
    this.#changeNames([[path, undefined]]);
  }

  async syncFolder(folder: string): Promise<void> {
    this.#begin('syncFolder');
    const isInside = ([[path]]: NameChange): boolean =>
      path.startsWith(`${folder}/`) && !path.includes('/', folder.length + 1);
    for (const change of this.#nameChanges.filter(isInside)) applyTo(this.#storedNames, change);
    this.#nameChanges = this.#nameChanges.filter((change) => !isInside(change));
  }

  freeBytes(): number {
    return Math.max(0, this.capacityBytes - this.usedBytes);
  }

  lock(path: string): Promise<FileLock | undefined> {
    if (this.#locked.has(path)) return Promise.resolve(undefined);
    this.#locked.add(path);
    const boot = this.#boot;
    const release = async (): Promise<void> => {
      if (boot === this.#boot) this.#locked.delete(path);
    };
    return Promise.resolve({ release });
  }

  #handle(path: string, inode: Inode, mode: OpenMode): OpenFile {
    const boot = this.#boot;
    this.#openPaths.push(path);
    let isOpen = true;
    const assertAlive = (): void => {
      if (boot !== this.#boot) throw diskError('EBADF', 'the file was opened before the restart');
    };
    const datasync = async (): Promise<void> => {
      await this.#heldSyncs?.promise;
      await this.#takesTime?.('datasync');
      assertAlive();
      this.#count();
      try {
        this.#failIfTold('datasync');
      } catch (error) {
        inode.dirty.clear();
        throw error;
      }
      if (this.#liesAboutSyncs) return;
      store(inode, inode.seen.length, [...inode.dirty]);
      inode.dirty.clear();
    };
    return {
      size: async () => inode.seen.length,
      read: async (target, position) => {
        this.#failIfTold('read');
        const found = inode.seen.subarray(position, position + target.length);
        target.set(found);
        return found.length;
      },
      write: async (source, position) => {
        assertAlive();
        this.#begin('write');
        const half = this.#takesTime === undefined ? 0 : Math.floor(this.#random() * source.length);
        this.#write(inode, source.subarray(0, half), position);
        await this.#takesTime?.('write');
        assertAlive();
        this.#write(inode, source.subarray(half), position + half);
        if (mode === 'write-synced') await datasync();
      },
      truncate: async (length) => {
        assertAlive();
        this.#begin('truncate');
        inode.seen = inode.seen.slice(0, length);
      },
      datasync,
      close: async () => {
        if (isOpen && boot === this.#boot) this.#openPaths.splice(this.#openPaths.indexOf(path), 1);
        isOpen = false;
      },
    };
  }

  #write(inode: Inode, source: Uint8Array, position: number): void {
    const room = Math.max(0, this.capacityBytes - this.usedBytes) + inode.seen.length;
    const end = Math.min(position + source.length, room);
    if (end > position) {
      inode.seen = resized(inode.seen, Math.max(inode.seen.length, end));
      inode.seen.set(source.subarray(0, end - position), position);
      for (let sector = sectorOf(position); sector <= sectorOf(end - 1); sector++) inode.dirty.add(sector);
    }
    if (end < position + source.length) throw diskError('ENOSPC', 'no space left on device');
  }

  #losePart(inode: Inode): void {
    const lengths = [inode.stored.length, inode.seen.length];
    const between = Math.min(...lengths) + Math.floor(this.#random() * (Math.abs(lengths[0]! - lengths[1]!) + 1));
    const length = [...lengths, between][Math.floor(this.#random() * 3)]!;
    const share = this.#random();
    const survivors = [...inode.dirty].filter(() => this.#random() < share);
    store(inode, length, survivors);
    inode.seen = inode.stored.slice();
    inode.dirty.clear();
  }

  /** Begins an operation that changes something. */
  #begin(operation: DiskOperation): void {
    this.#count();
    this.#failIfTold(operation);
  }

  #count(): void {
    if (this.operations >= this.#powerOffAt) throw diskError('EIO', 'the power is off');
    this.operations++;
  }

  #failIfTold(operation: DiskOperation): void {
    const successes = this.#faults.get(operation);
    if (successes === undefined) return;
    this.#faults.set(operation, successes - 1);
    if (successes <= 0) throw diskError('EIO', `the disk failed to ${operation}`);
  }

  #changeNames(change: NameChange): void {
    applyTo(this.#seenNames, change);
    this.#nameChanges.push(change);
  }

  #inode(path: string): Inode {
    const inode = this.#seenNames.get(path);
    if (inode === undefined) throw diskError('ENOENT', `no such file: ${path}`);
    return inode;
  }
}

/** A repeatable source of numbers from 0 to below 1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

function store(inode: Inode, length: number, sectors: readonly number[]): void {
  inode.stored = resized(inode.stored, length);
  for (const sector of sectors) {
    const start = sector * SECTOR_BYTES;
    const content = inode.seen.subarray(start, Math.min(start + SECTOR_BYTES, length));
    if (start < length) inode.stored.set(content, start);
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(bytes.subarray(0, length));
  return result;
}

function sectorOf(position: number): number {
  return Math.floor(position / SECTOR_BYTES);
}

function applyTo(names: Map<string, Inode>, change: NameChange): void {
  for (const [path, inode] of change) {
    if (inode === undefined) names.delete(path);
    else names.set(path, inode);
  }
}

function diskError(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
