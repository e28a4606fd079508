import { CommitLogError } from '../errors.ts';
import { SHA256_BYTES, type Sha256 } from './sha256.ts';
import { SnapshotObject, snapshotDamaged } from './snapshot-object.ts';

/**
 * What a snapshot consists of. It is the last blob of a snapshot to be written: where it is, all objects are.
 *
 *     magic              8 bytes   4C 43 53 4E 41 50 0D 0A  "LCSNAP\r\n"
 *     version            u32       1
 *     database identity  32 bytes
 *     tx offset          u64
 *     taken at           u64       µs since 1970
 *     objects            u32 count, each: SHA-256 (32 bytes) · byte length u32
 *     contents           u32 length · bytes
 *     SHA-256            32 bytes  of everything before
 *
 * Integers are little-endian. What the contents and the objects mean is for whoever took the snapshot to know.
 */
export interface SnapshotManifest {
  /** The identity of the database, 32 bytes. */
  readonly database: Uint8Array;
  /** The last transaction that is in the snapshot. */
  readonly txOffset: number;
  /** Microseconds since 1970. */
  readonly takenAtMicros: number;
  readonly objects: readonly SnapshotObject[];
  readonly contents: Uint8Array;
}

const MAGIC = Uint8Array.of(0x4c, 0x43, 0x53, 0x4e, 0x41, 0x50, 0x0d, 0x0a);
const VERSION = 1;
const IDENTITY_BYTES = 32;
const HEADER_BYTES = MAGIC.length + 4 + IDENTITY_BYTES + 8 + 8 + 4;
const OBJECT_BYTES = SHA256_BYTES + 4;
/** Enough for more objects and pages than there is memory for. */
export const MAX_MANIFEST_BYTES: number = 256 * 1024 * 1024;

/** The key of the manifest of the snapshot at an offset. */
export function manifestKey(txOffset: number): string {
  return `${String(txOffset).padStart(20, '0')}.snapshot`;
}

/** The offset that a key is the manifest of; undefined for a key that is none of a manifest. */
export function manifestOffsetOf(key: string): number | undefined {
  const txOffset = Number(/^(\d{20})\.snapshot$/.exec(key)?.[1]);
  return Number.isSafeInteger(txOffset) ? txOffset : undefined;
}

export async function encodeManifest(manifest: SnapshotManifest, sha256: Sha256): Promise<Uint8Array> {
  const { database, txOffset, takenAtMicros, objects, contents } = manifest;
  const bytes = new Uint8Array(HEADER_BYTES + objects.length * OBJECT_BYTES + 4 + contents.length + SHA256_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  let at = MAGIC.length;
  view.setUint32(at, VERSION, true);
  bytes.set(database, at + 4);
  at += 4 + IDENTITY_BYTES;
  view.setBigUint64(at, BigInt(txOffset), true);
  view.setBigUint64(at + 8, BigInt(takenAtMicros), true);
  view.setUint32(at + 16, objects.length, true);
  at += 20;
  for (const { id, byteLength } of objects) {
    for (let i = 0; i < SHA256_BYTES; i++) bytes[at + i] = Number.parseInt(id.slice(i * 2, i * 2 + 2), 16);
    view.setUint32(at + SHA256_BYTES, byteLength, true);
    at += OBJECT_BYTES;
  }
  view.setUint32(at, contents.length, true);
  bytes.set(contents, at + 4);
  at += 4 + contents.length;
  bytes.set(await sha256(bytes.slice(0, at)), at);
  return bytes;
}

/**
 * @param key for messages
 * @throws CommitLogError `SNAPSHOT_DAMAGED`, `SNAPSHOT_UNSUPPORTED`
 */
export async function decodeManifest(key: string, bytes: Uint8Array, sha256: Sha256): Promise<SnapshotManifest> {
  if (bytes.length < HEADER_BYTES + 4 + SHA256_BYTES) {
    throw snapshotDamaged(key, `the manifest is cut off: it has ${bytes.length} bytes`);
  }
  if (bytes.length > MAX_MANIFEST_BYTES) throw snapshotDamaged(key, 'this is more than a manifest has');
  const end = bytes.length - SHA256_BYTES;
  if (toHex(await sha256(bytes.slice(0, end))) !== toHex(bytes.subarray(end))) {
    throw snapshotDamaged(key, 'the manifest does not have the checksum that it ends with');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, end);
  let at = MAGIC.length;
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw snapshotDamaged(key, 'this is no manifest of a snapshot');
  const version = view.getUint32(at, true);
  if (version !== VERSION) {
    throw new CommitLogError(
      'SNAPSHOT_UNSUPPORTED',
      `${key}: the snapshot has format version ${version}; this program reads version ${VERSION}`,
    );
  }
  const database = bytes.slice(at + 4, at + 4 + IDENTITY_BYTES);
  at += 4 + IDENTITY_BYTES;
  const txOffset = Number(view.getBigUint64(at, true));
  const takenAtMicros = Number(view.getBigUint64(at + 8, true));
  const count = view.getUint32(at + 16, true);
  at += 20;
  // The checksum is right, so what follows is wrong only if a program wrote it so.
  if (count > (end - at) / OBJECT_BYTES) throw snapshotDamaged(key, `there is no room for ${count} objects`);
  const objects: SnapshotObject[] = [];
  for (let i = 0; i < count; i++, at += OBJECT_BYTES) {
    const id = toHex(bytes.subarray(at, at + SHA256_BYTES));
    objects.push(new SnapshotObject(view.getUint32(at + SHA256_BYTES, true), id));
  }
  if (end - at < 4 || view.getUint32(at, true) !== end - at - 4) {
    throw snapshotDamaged(key, 'its contents do not end where the manifest does');
  }
  return { database, txOffset, takenAtMicros, objects, contents: bytes.slice(at + 4, end) };
}

export function toHex(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return hex;
}
