import type { BlobInfo } from '@lightcone/blobs';
import type { SyncContext } from '../layout.ts';
import { MANIFESTS, nameIn } from './dimple-keys.ts';
import type { DimpleState } from './dimple-state.ts';

/** What pull and push of one sync share. */
export class DimpleSession {
  readonly context: SyncContext;
  readonly state: DimpleState;
  readonly batchBytes: number;
  /** By key; of the last listing. */
  manifests: ReadonlyMap<string, BlobInfo>;
  /** Batches are read whether or not something in them is new. */
  readonly isVerifying: boolean;
  /** Batches that could not be read: what the database has of them is put again. */
  readonly lostBatches: Set<string> = new Set();

  constructor(
    context: SyncContext,
    state: DimpleState,
    manifests: ReadonlyMap<string, BlobInfo>,
    batchBytes: number,
    isVerifying: boolean,
  ) {
    this.context = context;
    this.state = state;
    this.batchBytes = batchBytes;
    this.manifests = manifests;
    this.isVerifying = isVerifying;
  }
}

export async function listManifests({ store, signal }: SyncContext): Promise<Map<string, BlobInfo>> {
  const manifests = new Map<string, BlobInfo>();
  for await (const blob of store.list(MANIFESTS, undefined, signal)) {
    if (nameIn(MANIFESTS, blob.key) !== undefined) manifests.set(blob.key, blob);
  }
  return manifests;
}
