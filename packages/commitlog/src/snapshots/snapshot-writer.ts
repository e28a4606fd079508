import { freeMemory } from './free-memory.ts';
import type { SnapshotManifest } from './snapshot-manifest.ts';
import { SnapshotObject, type SnapshotPiece } from './snapshot-object.ts';
import type { ObjectPins, SnapshotStore } from './snapshot-store.ts';

/**
 * Bytes of an object that is full. Large enough that a store is asked seldom and a disk synced seldom, small enough to
 * be copied within a pause that nobody notices.
 */
export const MAX_OBJECT_BYTES: number = 4 * 1024 * 1024;

/**
 * Writes one snapshot: gathers bytes in objects, stores them, and the manifest at the end.
 *
 * `add` only copies, so it can be called in the middle of anything; `store` brings what was added to the store.
 * What comes to no `finish` leaves objects behind, which the next collection removes.
 */
export class SnapshotWriter {
  readonly #store: SnapshotStore;
  readonly #pins: ObjectPins;
  readonly #full: FullObject[] = [];
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  /** A buffer whose content is stored, to be used again. */
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #used = 0;
  /** Pieces in the buffer, whose object is made when it is full and its length known. */
  #open: { object: SnapshotObject; start: number; end: number }[] = [];
  #storedBytes = 0;
  #pendingBytes = 0;

  /** @internal */
  constructor(store: SnapshotStore, pins: ObjectPins) {
    this.#store = store;
    this.#pins = pins;
  }

  /** Bytes that were added and are not stored yet: they are in memory. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Bytes of the objects stored so far. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /**
   * Adds `bytes[start..end]` and tells where they will be. The pieces may be read when all was stored.
   * @param isImmutable the bytes never change: large ones need not be copied
   */
  add(bytes: Uint8Array<ArrayBuffer>, start: number, end: number, isImmutable: boolean): readonly SnapshotPiece[] {
    const length = end - start;
    this.#pendingBytes += length;
    if (isImmutable && length >= MAX_OBJECT_BYTES / 2) return this.#addObjects(bytes, start, end);
    if (this.#buffer !== undefined && length > MAX_OBJECT_BYTES - this.#used && this.#used > 0) this.#seal();
    const pieces: SnapshotPiece[] = [];
    for (let at = start; at < end || pieces.length === 0;) {
      if (this.#buffer === undefined) {
        this.#buffer = this.#spare ?? new Uint8Array(MAX_OBJECT_BYTES);
        this.#spare = undefined;
      }
      const taken = Math.min(end - at, MAX_OBJECT_BYTES - this.#used);
      this.#buffer.set(bytes.subarray(at, at + taken), this.#used);
      const piece = { object: UNSEALED, start: this.#used, end: this.#used + taken };
      this.#open.push(piece);
      pieces.push(piece);
      this.#used += taken;
      at += taken;
      if (this.#used === MAX_OBJECT_BYTES) this.#seal();
    }
    return pieces;
  }

  /** Stores all objects that are full. @throws BlobError */
  async store(): Promise<void> {
    for (let next = this.#full.shift(); next !== undefined; next = this.#full.shift()) {
      const id = await this.#store.putObject(next.bytes, this.#pins);
      next.object.stored(id);
      this.#storedBytes += next.bytes.length;
      this.#pendingBytes -= next.bytes.length;
      if (!next.isOurs) continue;
      const buffer = new Uint8Array(next.bytes.buffer);
      if (this.#spare === undefined) this.#spare = buffer;
      else freeMemory(buffer);
    }
  }

  /** Stores what was added last, though its object is not full. @throws BlobError */
  async storeAll(): Promise<void> {
    if (this.#used > 0) this.#seal();
    await this.store();
  }

  /**
   * Stores the manifest: from then on there is a snapshot. To be called after `storeAll`, and after the log is durable
   * up to its offset: a snapshot that is newer than its log is of no use.
   * @throws BlobError
   */
  async finish(manifest: SnapshotManifest): Promise<void> {
    await this.#store.putManifest(manifest, this.#pins);
    this.#pins.release();
  }

  /** Gives up what is not finished. May be called twice, and after `finish`. */
  abandon(): void {
    this.#full.length = 0;
    this.#buffer = undefined;
    this.#spare = undefined;
    this.#pins.release();
  }

  #addObjects(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): readonly SnapshotPiece[] {
    const pieces: SnapshotPiece[] = [];
    for (let at = start; at < end; at += MAX_OBJECT_BYTES) {
      const content = bytes.subarray(at, Math.min(at + MAX_OBJECT_BYTES, end));
      const object = new SnapshotObject(content.length);
      this.#full.push({ object, bytes: content, isOurs: false });
      pieces.push({ object, start: 0, end: content.length });
    }
    return pieces;
  }

  #seal(): void {
    const object = new SnapshotObject(this.#used);
    for (const piece of this.#open) piece.object = object;
    this.#full.push({ object, bytes: this.#buffer!.subarray(0, this.#used), isOurs: true }); // bytes are used, so there is a buffer
    this.#open = [];
    this.#buffer = undefined;
    this.#used = 0;
  }
}

interface FullObject {
  readonly object: SnapshotObject;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes are a buffer of the writer's. */
  readonly isOurs: boolean;
}

/** In the place of the object of pieces that are still in the buffer. */
const UNSEALED = new SnapshotObject(0);
