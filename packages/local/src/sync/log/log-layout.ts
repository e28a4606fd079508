import type { Layout, SyncContext, SyncSession } from '../layout.ts';
import { readRemoteId } from '../remote-id.ts';
import { hasNoChanges } from '../has-no-changes.ts';
import { LOG_LIMITS } from './log-limits.ts';
import type { LogLimits } from './log-limits.ts';
import { pushChanges } from './log-push.ts';
import { LogSession } from './log-session.ts';
import { LogState } from './log-state.ts';
import { PutAttempt } from './put-attempt.ts';
import { isPack, listPieces, REMOTE_ID_KEY, segmentKey } from './pieces.ts';
import type { Listing } from './pieces.ts';

/**
 * One log that all devices append to. A push takes the next free position with a put that only succeeds if nothing is
 * there (`putIfAbsent`), so there are no manifests to keep right and nobody overwrites anybody. How far a device has
 * read is one number, mostly; a sync with nothing new is one listing.
 *
 * ```
 *   log/1 … log/16   log/17 … log/32   log/33
 *   └── pack 0-16 ──┘└── pack 16-32 ─┘   └ the next push is log/34
 *   └────────── pack 0-32 ──────────┘
 * ```
 *
 * Who puts every 16th segment gathers the newest ones in a pack, or, as these get large, packs in a larger one; the
 * largest has the state of all there is. Overwritten values are left out. What packs have is deleted a day later.
 */
export class LogLayout implements Layout {
  readonly #limits: LogLimits;
  readonly #attempt = new PutAttempt();
  #remote: { readonly id: string; readonly etag: string | undefined } | undefined;

  /** @param limits other sizes, for tests */
  constructor(limits: LogLimits = LOG_LIMITS) {
    this.#limits = limits;
  }

  async open(context: SyncContext, { verify }: { readonly verify: boolean }): Promise<SyncSession> {
    const { store, signal } = context;
    let state = this.#remote === undefined ? undefined : await LogState.load(context, this.#remote.id);
    const after = state === undefined || state.isNew || verify ? 0 : firstUnknown(state) - 1;
    let listing = await listPieces(store, after, signal);
    const listAll = async (): Promise<void> => {
      if (after > 0) listing = await listPieces(store, 0, signal);
    };
    const etag = listing.remoteIdEtag;
    if (this.#remote === undefined || etag === undefined || this.#remote.etag !== etag) {
      const id = await readRemoteId(context, REMOTE_ID_KEY);
      if (id !== this.#remote?.id) {
        state = undefined;
        await listAll();
      }
      this.#remote = { id, etag };
    }
    state ??= await LogState.load(context, this.#remote.id);
    if (state.tail !== undefined && !(await isStillThere(context, state.tail, listing))) {
      state.forget();
      await listAll();
    } else if (verify) state.isNew = true;
    else if (state.isNew) state.forget(); // a comparison that was not finished begins anew
    // Where either has nothing there is nothing to compare: all is to be pulled, or all pushed.
    if (state.isNew && ((listing.head === 0 && state.have.max === 0) || (await hasNoChanges(context))))
      state.isNew = false;
    const session = new LogSession(context, this.#limits, state, listing, this.#attempt);
    return { pull: () => session.pull(), push: () => pushChanges(session) };
  }
}

/** The newest object that is known is listed too, to see that it is still there. */
function firstUnknown({ tail, have }: LogState): number {
  return Math.min(tail?.position ?? 1, have.contiguousTo + 1);
}

/** Whether the storage has what it had when we saw it last, as far as one object tells. */
async function isStillThere(
  { store, signal }: SyncContext,
  tail: { readonly position: number; readonly etag: string | undefined },
  listing: Listing,
): Promise<boolean> {
  if (listing.pieces.some((piece) => piece.isComplete && isPack(piece) && piece.to >= tail.position)) return true;
  const segment = listing.pieces.find(({ name }) => name === segmentKey(tail.position))?.objects[0];
  if (segment !== undefined) return tail.etag === undefined || segment.etag === tail.etag;
  // The listing may be older than the segment.
  return (await store.get(segmentKey(tail.position), { start: 0, end: 1 }, signal)) !== undefined;
}
