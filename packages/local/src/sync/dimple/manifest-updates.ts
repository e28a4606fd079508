import type { Change } from '../../change.ts';
import { databaseCall } from '../database-call.ts';
import { SyncError } from '../errors.ts';
import { manifestKey } from './dimple-keys.ts';
import { listManifests } from './dimple-session.ts';
import type { DimpleSession } from './dimple-session.ts';
import { decodeManifest, encodeManifest } from './manifest-codec.ts';
import type { Manifest } from './manifest-codec.ts';
import { readFile } from './read-file.ts';

const MAX_TRIES = 20;

interface Update {
  /** As it is in the storage, with what was added. */
  manifest: Manifest;
  /** Of what is in the storage; undefined if there is none. */
  etag: string | undefined;
  /** What the storage does not have yet. */
  readonly added: Manifest;
}

/**
 * The manifests of the authors whose changes are pushed. Programs of the reference write the same files without looking
 * at who else does, so a manifest is only put over the one that was read, is read back, and is merged again with what is
 * found there if that is another one.
 */
export class ManifestUpdates {
  readonly #session: DimpleSession;
  readonly #updates = new Map<string, Update>();

  constructor(session: DimpleSession) {
    this.#session = session;
  }

  /** Whether manifests got as many entries as they had. */
  get areDoubled(): boolean {
    let added = 0;
    let known = 0;
    for (const update of this.#updates.values()) {
      added += update.added.size;
      known += update.manifest.size - update.added.size;
    }
    return added >= known;
  }

  /** The batch that a change is in, if its author's manifest says so. */
  async batchOf(change: Change): Promise<string | undefined> {
    const key = manifestKey(change.authorId);
    return (this.#updates.get(key) ?? (await this.#read(key))).manifest.get(change.id);
  }

  add(change: Change, batchId: string): void {
    const update = this.#updates.get(manifestKey(change.authorId))!; // `batchOf` was asked before
    update.manifest.set(change.id, batchId);
    update.added.set(change.id, batchId);
  }

  /** All batches that any manifest names. */
  async batchIds(): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const key of this.#session.manifests.keys()) {
      const { manifest } = this.#updates.get(key) ?? (await this.#read(key));
      for (const id of manifest.values()) ids.add(id);
    }
    return ids;
  }

  /** Writes those that have something new. */
  async write(): Promise<void> {
    const changed = [...this.#updates].filter(([, { added }]) => added.size > 0);
    for (const [key, update] of changed) await this.#write(key, update);
  }

  async #read(key: string): Promise<Update> {
    const { context, manifests } = this.#session;
    const etag = manifests.get(key)?.etag;
    const manifest = etag === undefined ? undefined : await this.#readWhole(key);
    // Without an etag it is put only if there is still none.
    const update: Update = { manifest: manifest ?? new Map(), etag: manifest && etag, added: new Map() };
    context.signal?.throwIfAborted();
    this.#updates.set(key, update);
    return update;
  }

  /** Of a damaged one nothing can be kept: it is replaced by what we know of its author's changes. */
  async #readWhole(key: string): Promise<Manifest | undefined> {
    try {
      return await readFile(this.#session.context, key, decodeManifest);
    } catch (error) {
      if (error instanceof SyncError && error.code === 'SYNC_DAMAGED' && this.#session.state.isNew) return new Map();
      throw error;
    }
  }

  async #write(key: string, update: Update): Promise<void> {
    const { context, state } = this.#session;
    const { store, signal } = context;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const bytes = encodeManifest(update.manifest);
      const isPut =
        update.etag === undefined
          ? await store.putIfAbsent(key, bytes, signal)
          : await store.putIfMatch(key, bytes, update.etag, signal);
      // Listed first, then read: if it is changed in between, the next listing shows it.
      const etag = (this.#session.manifests = await listManifests(context)).get(key)?.etag;
      const found = await this.#readWhole(key);
      if (isPut && found === undefined) {
        throw new SyncError('SYNC_STORAGE_LOST_DATA', `the storage said that it had put ${key}, and does not have it`);
      }
      update.etag = found && etag;
      const missing = [...update.added].filter(([change, batch]) => found?.get(change) !== batch);
      if (missing.length === 0) {
        update.manifest = found ?? new Map();
        update.added.clear();
        // Unless it has changes of others that the database lacks: those the next pull reads.
        const compare = (): string[] => context.log.unknownOf(found?.keys() ?? []);
        const isKnown = (await databaseCall(context, 'comparing changes', compare)).length === 0;
        if (isPut && etag !== undefined && isKnown) state.etagByManifest.set(key, etag);
        return;
      }
      update.manifest = new Map([...(found ?? []), ...update.added]);
    }
    const message = `${key} was changed by others ${MAX_TRIES} times before it could be written`;
    throw new SyncError('SYNC_CONTENDED', `${message}: the changes are pushed with the next sync`);
  }
}
