import type { SnapshotStore } from '@lightcone/commitlog';
import { Identity } from '@lightcone/sats';
import { Captures, Store, StoreError } from '@lightcone/store';
import { type PagePlace, encodeContents } from '../snapshots/snapshot-contents.ts';
import { invalidSnapshot } from './invalid-snapshot.ts';
import type { SpacetimeSnapshotManifest } from './manifest.ts';
import { type SpacetimeSnapshotFiles, restoreSpacetimeSnapshot } from './restore-spacetime-snapshot.ts';

/** Bytes of rows that are gathered before they are written. */
const SLICE_BYTES = 4 * 1024 * 1024;

/**
 * Writes a snapshot of SpacetimeDB 2.x as one of ours: the same rows at the same transaction.
 * @throws EngineError `ENGINE_INVALID_SNAPSHOT`; BlobError
 */
export async function convertSpacetimeSnapshot(
  files: SpacetimeSnapshotFiles,
  target: SnapshotStore,
  takenAtMicros: number,
): Promise<SpacetimeSnapshotManifest> {
  const store = new Store();
  const replay = store.replay();
  const manifest = await restoreSpacetimeSnapshot(files, store, replay);
  try {
    replay.finish();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw invalidSnapshot(`its rows do not fit together: ${error.message}`);
  }
  const captures = new Captures<PagePlace>(store);
  const writer = await target.write();
  try {
    captures.begin((bytes, start, end, isImmutable) => writer.add(bytes, start, end, isImmutable));
    while (!captures.continue(SLICE_BYTES)) await writer.store();
    await writer.storeAll();
    const { contents, objects } = encodeContents(captures.finish());
    const database = Identity.fromHex(manifest.databaseIdentity).bytes;
    await writer.finish({ database, txOffset: manifest.txOffset, takenAtMicros, objects, contents });
  } finally {
    writer.abandon();
  }
  return manifest;
}
