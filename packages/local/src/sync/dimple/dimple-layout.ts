import type { Layout, SyncContext, SyncSession } from '../layout.ts';
import { hasNoChanges } from '../has-no-changes.ts';
import { readRemoteId } from '../remote-id.ts';
import { REMOTE_ID_KEY } from './dimple-keys.ts';
import { pullManifests } from './dimple-pull.ts';
import { pushBatches } from './dimple-push.ts';
import { DimpleSession, listManifests } from './dimple-session.ts';
import { DimpleState } from './dimple-state.ts';

/**
 * The layout of DimpleDb 0.1.0, to sync with programs that use it: each author's changes in batches, and a manifest that
 * says which batch each is in. See `/docs/local-sync.md` for where it is followed and where its mistakes are not.
 *
 * A manifest is read when its etag has changed, so a sync with nothing new is one listing.
 */
export class DimpleLayout implements Layout {
  readonly #batchBytes: number;
  #remoteId: string | undefined;

  /** @param batchBytes a batch is closed when it has so many; the reference reads up to 100 MiB */
  constructor(batchBytes: number = 32 * 1024 * 1024) {
    this.#batchBytes = batchBytes;
  }

  async open(context: SyncContext, { verify }: { readonly verify: boolean }): Promise<SyncSession> {
    const manifests = await listManifests(context);
    const isLost = (known: DimpleState): boolean => [...known.etagByManifest.keys()].some((key) => !manifests.has(key));
    let state = this.#remoteId === undefined ? undefined : await DimpleState.load(context, this.#remoteId);
    if (state === undefined || isLost(state) || verify) {
      this.#remoteId = await readRemoteId(context, REMOTE_ID_KEY);
      state = await DimpleState.load(context, this.#remoteId);
      if (verify || isLost(state)) state.compareAll();
    }
    if (state.isNew) state.compareAll(); // a comparison that was not finished begins anew
    if (state.isNew && (await hasNoChanges(context))) state.isNew = false; // nothing to compare
    const session = new DimpleSession(context, state, manifests, this.#batchBytes, verify);
    return { pull: () => pullManifests(session), push: () => pushBatches(session) };
  }
}
