import type { BlobStore } from '@lightcone/blobs';
import type { Sha256 } from './sha256.ts';
import { type SnapshotManifest, toHex } from './snapshot-manifest.ts';
import { type SnapshotObject, objectKey, snapshotDamaged } from './snapshot-object.ts';

/** Reads the objects of one snapshot, and checks each. */
export class SnapshotReader {
  readonly manifest: SnapshotManifest;
  readonly #blobs: BlobStore;
  readonly #sha256: Sha256;

  /** @internal */
  constructor(manifest: SnapshotManifest, blobs: BlobStore, sha256: Sha256) {
    this.manifest = manifest;
    this.#blobs = blobs;
    this.#sha256 = sha256;
  }

  /**
   * The bytes of an object, which are the caller's.
   * @throws CommitLogError `SNAPSHOT_DAMAGED` where it is missing or not what its name says; BlobError
   */
  async read(object: SnapshotObject): Promise<Uint8Array> {
    const key = objectKey(object.id);
    // One byte more, to see whether there are more.
    const bytes = await this.#blobs.get(key, { start: 0, end: object.byteLength + 1 });
    if (bytes === undefined) throw snapshotDamaged(key, 'the object is missing');
    if (bytes.length !== object.byteLength) {
      const found = bytes.length > object.byteLength ? 'more' : String(bytes.length);
      throw snapshotDamaged(key, `the object has ${found} bytes instead of ${object.byteLength}`);
    }
    const id = toHex(await this.#sha256(bytes as Uint8Array<ArrayBuffer>));
    if (id !== object.id) throw snapshotDamaged(key, 'the object does not have the checksum that it is named after');
    return bytes;
  }
}
