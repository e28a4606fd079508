import { formatChangeId, maxCounter } from '../../change-id.ts';

/**
 * What DimpleDb 0.1.0 keeps under its prefix, and one object of ours beside it, which it does not look at:
 *
 * ```
 * manifests/{author}.msgpack     which batch each change of an author is in
 * batches/{batch}.msgpack        changes
 * changes/{change}.msgpack       one change: its other layout, of which a storage has either
 * lightcone/remote-id            tells this storage from one that was made again in its place
 * ```
 */
export const REMOTE_ID_KEY = 'lightcone/remote-id';
export const MANIFESTS = 'manifests/';
export const BATCHES = 'batches/';
const SUFFIX = '.msgpack';

export function manifestKey(authorId: string): string {
  return `${MANIFESTS}${authorId}${SUFFIX}`;
}

/** Whether an author can have a manifest: whoever made up an id that cannot name a file is none of DimpleDb's. */
export function mayHaveManifest(authorId: string): boolean {
  return /^[A-Za-z0-9_-]{1,100}$/.test(authorId);
}

export function batchKey(batchId: string): string {
  return `${BATCHES}${batchId}${SUFFIX}`;
}

/** The name in a key of a folder; undefined if it is another kind of file, which is ignored. */
export function nameIn(folder: string, key: string): string | undefined {
  const isOne = key.startsWith(folder) && key.endsWith(SUFFIX) && !key.slice(folder.length).includes('/');
  return isOne ? key.slice(folder.length, -SUFFIX.length) : undefined;
}

/** The name of a new batch, a UUIDv7. @param random 10 bytes */
export function newBatchId(nowMs: number, random: Uint8Array): string {
  const view = new DataView(random.buffer, random.byteOffset, 10);
  const ms = Math.max(0, Math.floor(nowMs));
  return formatChangeId(ms, view.getUint32(0) & maxCounter, view.getUint16(4), view.getUint32(6));
}
