import type { BlobStore } from '@lightcone/blobs';
import { CommitLogError } from '../errors.ts';
import { freeMemory } from './free-memory.ts';
import { type Sha256, platformSha256 } from './sha256.ts';
import {
  MAX_MANIFEST_BYTES,
  type SnapshotManifest,
  decodeManifest,
  encodeManifest,
  manifestKey,
  manifestOffsetOf,
  toHex,
} from './snapshot-manifest.ts';
import { OBJECTS, type SnapshotObject, objectIdOf, objectKey } from './snapshot-object.ts';
import { SnapshotReader } from './snapshot-reader.ts';
import { SnapshotWriter } from './snapshot-writer.ts';

/**
 * The snapshots of one database in a store of blobs:
 *
 *     <tx offset, 20 digits>.snapshot   a manifest
 *     objects/<2 hex>/<62 hex>          an object, by its SHA-256
 *     <tx offset>.snapshot.invalid      the manifest of a snapshot that was found damaged
 *
 * A database's folder, an archive and a backup all have this form, so a snapshot is copied by copying the objects that
 * are missing, and then its manifest. One `SnapshotStore` at a time may remove from a store of blobs.
 */
export class SnapshotStore {
  readonly #blobs: BlobStore;
  readonly #sha256: Sha256;
  /** Objects that no collection may remove, with the count of those who need them. */
  readonly #pinned = new Map<string, number>();
  readonly #removing = new Map<string, Promise<void>>();
  #isCollecting = false;
  #unpinAfterCollecting: string[] = [];

  constructor(blobs: BlobStore, sha256: Sha256 = platformSha256) {
    this.#blobs = blobs;
    this.#sha256 = sha256;
  }

  /** The tx offsets of all snapshots, ascending. @throws BlobError */
  async list(): Promise<number[]> {
    const offsets: number[] = [];
    for await (const { key } of this.#blobs.list('')) {
      if (key.startsWith(OBJECTS)) break; // digits come before letters
      const offset = manifestOffsetOf(key);
      if (offset !== undefined) offsets.push(offset);
    }
    return offsets;
  }

  /**
   * Opens the snapshot at an offset. Its manifest is checked; an object is when it is read.
   * @throws CommitLogError `SNAPSHOT_MISSING`, `SNAPSHOT_DAMAGED`, `SNAPSHOT_UNSUPPORTED`; BlobError
   */
  async open(txOffset: number): Promise<SnapshotReader> {
    const key = manifestKey(txOffset);
    const bytes = await this.#blobs.get(key, { start: 0, end: MAX_MANIFEST_BYTES + 1 });
    if (bytes === undefined) throw new CommitLogError('SNAPSHOT_MISSING', `${key}: there is no such snapshot`);
    const manifest = await decodeManifest(key, bytes, this.#sha256);
    if (manifest.txOffset !== txOffset) {
      throw new CommitLogError('SNAPSHOT_DAMAGED', `${key}: the manifest is of the snapshot at ${manifest.txOffset}`);
    }
    return new SnapshotReader(manifest, this.#blobs, this.#sha256);
  }

  /**
   * Reads a snapshot whole and returns everything that is wrong with it; nothing if it is good.
   * @param found what is wrong with objects that were read for other snapshots, by id: none is read twice
   * @throws BlobError if the store cannot be read; the reason of the signal
   */
  async verify(
    txOffset: number,
    signal?: AbortSignal,
    found: Map<string, CommitLogError | undefined> = new Map<string, CommitLogError | undefined>(),
  ): Promise<CommitLogError[]> {
    const problems: CommitLogError[] = [];
    const reader = await collecting(problems, () => this.open(txOffset));
    for (const object of reader?.manifest.objects ?? []) {
      signal?.throwIfAborted();
      if (!found.has(object.id)) {
        const ofObject: CommitLogError[] = [];
        const bytes = await collecting(ofObject, () => reader!.read(object));
        if (bytes !== undefined) freeMemory(bytes);
        found.set(object.id, ofObject[0]);
      }
      const problem = found.get(object.id);
      if (problem !== undefined) problems.push(problem);
    }
    return problems;
  }

  /**
   * Begins a snapshot.
   * @param reused objects of earlier snapshots that it will consist of, too: they stay until it is finished
   */
  async write(reused: Iterable<SnapshotObject> = []): Promise<SnapshotWriter> {
    const pins = new ObjectPins(this);
    for (const { id } of reused) await pins.add(id);
    return new SnapshotWriter(this, pins);
  }

  /**
   * Copies a snapshot to another store, checking every object that is copied. Those that are there already, by name
   * and size, are not copied again.
   * @throws CommitLogError `SNAPSHOT_MISSING`, `SNAPSHOT_DAMAGED`, `SNAPSHOT_UNSUPPORTED`; BlobError. The other store
   *   does not have the snapshot then
   */
  async copyTo(target: SnapshotStore, txOffset: number): Promise<void> {
    const reader = await this.open(txOffset);
    const { manifest } = reader;
    const pins = new ObjectPins(this);
    const targetPins = new ObjectPins(target);
    try {
      // Before the first look at what is there: from then on it stays.
      for (const { id } of manifest.objects) {
        await pins.add(id);
        await targetPins.add(id);
      }
      const sizes = await target.#objectSizes();
      for (const object of manifest.objects) {
        if (sizes.get(object.id) === object.byteLength) continue;
        await target.#blobs.put(objectKey(object.id), await this.#readForCopy(reader, object));
      }
      await target.putManifest(manifest, targetPins);
    } finally {
      pins.release();
      targetPins.release();
    }
  }

  /** Tells a snapshot that is damaged from one that another thread or process removed meanwhile. */
  async #readForCopy(reader: SnapshotReader, object: SnapshotObject): Promise<Uint8Array> {
    try {
      return await reader.read(object);
    } catch (error) {
      const key = manifestKey(reader.manifest.txOffset);
      if ((await this.#blobs.get(key)) !== undefined) throw error;
      throw new CommitLogError('SNAPSHOT_MISSING', `${key}: the snapshot was removed while it was copied`, {
        cause: error,
      });
    }
  }

  /** Sets a snapshot aside that is not to be used any more, for somebody to look at. @throws BlobError */
  async invalidate(txOffset: number): Promise<void> {
    const key = manifestKey(txOffset);
    const manifest = await this.#blobs.get(key, { start: 0, end: MAX_MANIFEST_BYTES });
    if (manifest !== undefined) await this.#blobs.put(`${key}.invalid`, manifest);
    await this.#blobs.delete(key);
  }

  /** Removes a snapshot. Its objects go with the next collection, unless others need them. @throws BlobError */
  async remove(txOffset: number): Promise<void> {
    await this.#blobs.delete(manifestKey(txOffset));
  }

  /**
   * Removes the objects that no snapshot and nobody who is writing or copying one needs.
   * @returns bytes that became free
   * @throws BlobError. CommitLogError `SNAPSHOT_UNSUPPORTED`, `SNAPSHOT_DAMAGED`: with a manifest that cannot be read
   *   nobody knows which objects it needs, so none is removed
   */
  async collect(): Promise<number> {
    if (this.#isCollecting) throw new Error('a collection is running');
    this.#isCollecting = true;
    let freed = 0;
    try {
      const sizes = await this.#objectSizes();
      for (const txOffset of await this.list()) {
        const { manifest } = await this.open(txOffset);
        for (const { id } of manifest.objects) sizes.delete(id);
      }
      for (const [id, size] of sizes) {
        if (this.#pinned.has(id)) continue;
        const removal = this.#blobs.delete(objectKey(id)).finally(() => this.#removing.delete(id));
        this.#removing.set(id, removal);
        await removal;
        freed += size;
      }
    } finally {
      this.#isCollecting = false;
      for (const id of this.#unpinAfterCollecting.splice(0)) this.unpin(id);
    }
    return freed;
  }

  /** @internal Stores an object and pins it. */
  async putObject(bytes: Uint8Array<ArrayBuffer>, pins: ObjectPins): Promise<string> {
    const id = toHex(await this.#sha256(bytes));
    await pins.add(id);
    // Also where there is one of that name: it may be damaged, and a good one takes its place.
    await this.#blobs.put(objectKey(id), bytes);
    return id;
  }

  /** @internal Stores a manifest whose objects are stored and pinned. */
  async putManifest(manifest: SnapshotManifest, pins: ObjectPins): Promise<void> {
    for (const { id } of manifest.objects) if (!pins.has(id)) throw new Error(`object ${id} is not pinned`);
    await this.#blobs.put(manifestKey(manifest.txOffset), await encodeManifest(manifest, this.#sha256));
  }

  /** @internal Resolves when no removal of the object that was begun before is still going on. */
  async pin(id: string): Promise<void> {
    this.#pinned.set(id, (this.#pinned.get(id) ?? 0) + 1);
    await this.#removing.get(id)?.catch(() => {}); // whoever collects hears of it
  }

  /** @internal */
  unpin(id: string): void {
    // A collection that has looked at the manifests already would not see the one that needs it from now on.
    if (this.#isCollecting) {
      this.#unpinAfterCollecting.push(id);
      return;
    }
    const count = this.#pinned.get(id)! - 1; // it was pinned
    if (count === 0) this.#pinned.delete(id);
    else this.#pinned.set(id, count);
  }

  async #objectSizes(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for await (const { key, size } of this.#blobs.list(OBJECTS)) {
      const id = objectIdOf(key);
      if (id !== undefined) sizes.set(id, size);
    }
    return sizes;
  }
}

/** The objects that somebody needs for the time being. */
export class ObjectPins {
  readonly #store: SnapshotStore;
  readonly #ids = new Set<string>();

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  async add(id: string): Promise<void> {
    if (this.#ids.has(id)) return;
    this.#ids.add(id);
    await this.#store.pin(id);
  }

  release(): void {
    for (const id of this.#ids) this.#store.unpin(id);
    this.#ids.clear();
  }
}

async function collecting<T>(problems: CommitLogError[], deed: () => Promise<T>): Promise<T | undefined> {
  try {
    return await deed();
  } catch (error) {
    if (!(error instanceof CommitLogError)) throw error;
    problems.push(error);
    return undefined;
  }
}
