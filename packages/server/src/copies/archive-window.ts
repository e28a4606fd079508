import { CommitLogError } from '@lightcone/commitlog';
import type { LogArchive } from '@lightcone/commitlog';
import type { DatabaseCopy } from './database-copy.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** So many pieces go at a time, since what is committed meanwhile waits to be archived. */
const PIECES_AT_ONCE = 250;

/**
 * Keeps an archive from growing for ever: what leads to the last days stays, and what leads to earlier moments alone goes.
 *
 *     log         ├──────────────┼─────────────────┼──────────┼────────────┤
 *     snapshots        │     │      │ base              │    │      │  │  │
 *     window                            ├──────────────────────────────────┤
 *                 └── these go ──┘
 *
 * The base is the newest snapshot that is older than the window and that was read back whole from the archive. Nothing of
 * it, of the log from its last transaction on, or of later snapshots is touched, and nothing goes before it was read. So
 * the window can be restored whatever happens; the order of removals is for what is before it, where a restore succeeds or
 * is refused, and never meets a gap, though the server be killed between any two of them:
 *
 * 1. Snapshots before the base, the newest of them first: the oldest may be what the log begins with, and with it the
 *    log leads everywhere until it goes itself. This is done by whoever thins out snapshots: he has to know the base.
 * 2. Pieces of the log, the oldest first: `removeLog`.
 */
export class ArchiveWindow {
  readonly #copy: DatabaseCopy;
  readonly #keepMs: number;
  #base: number | undefined;
  #hasMore = false;

  constructor(copy: DatabaseCopy, keepDays: number) {
    this.#copy = copy;
    this.#keepMs = keepDays * DAY_MS;
  }

  /** The last transaction of the snapshot that must stay, since what is before it goes, or went. */
  get base(): number | undefined {
    return this.#base;
  }

  /**
   * Looks for a newer base. To be called when the archive has a new snapshot: then one of those that it had may have come
   * to lie before the window.
   * @param newestMicros when the newest archived commit was, µs since 1970
   * @returns what is wrong with snapshots that would have been the base
   * @throws BlobError
   */
  async advance(newestMicros: number): Promise<string | undefined> {
    const { log, snapshots } = this.#copy;
    const offsets = await snapshots.list();
    const second = await secondPiece(log);
    let agedBefore: number | undefined;
    let problem: string | undefined;
    for (const txOffset of offsets.toReversed()) {
      const isFirst = txOffset === offsets[0] && (second === undefined || second > txOffset);
      if (txOffset === this.#base || isFirst) break; // what is before it went, or is going
      const takenAtMicros = await this.#takenAtMicros(txOffset);
      // Not by what the time is now: where a clock goes wrong while nothing is committed, nothing goes.
      if (takenAtMicros === undefined || takenAtMicros > newestMicros - this.#keepMs * 1000) continue;
      agedBefore ??= await findAged(log, this.#keepMs);
      if (txOffset >= agedBefore) continue;
      const [damage] = await snapshots.verify(txOffset);
      if (damage !== undefined) {
        problem ??= `more stays in the archive than is to be kept, because the snapshot of transaction ${txOffset} there is damaged: ${damage.message}`;
        continue;
      }
      this.#base = txOffset;
      this.#hasMore = true;
      break;
    }
    return problem;
  }

  /** Removes some of the log that the base makes dispensable. @throws BlobError: the next time goes on with it */
  async removeLog(): Promise<void> {
    if (!this.#hasMore || this.#base === undefined) return;
    this.#hasMore = await this.#copy.log.removeBefore(this.#base, PIECES_AT_ONCE);
  }

  /** @returns undefined if its manifest is damaged */
  async #takenAtMicros(txOffset: number): Promise<number | undefined> {
    try {
      return (await this.#copy.snapshots.open(txOffset)).manifest.takenAtMicros;
    } catch (error) {
      if (error instanceof CommitLogError) return undefined;
      throw error;
    }
  }
}

async function secondPiece(log: LogArchive): Promise<number | undefined> {
  let count = 0;
  for await (const first of log.list()) if (++count === 2) return first;
  return undefined;
}

/**
 * A transaction before which everything was archived before the window, whatever clocks say: 0 if there is none.
 *
 * A server whose clock was set to the far future commits with that time, and everything before looks old. So the time
 * between a piece and the next one counts for a tenth of the window at most, which is added to the window: nobody can tell
 * a long pause from a clock that was set ahead. And a piece that was put later than one behind it counts for nothing, so
 * that a clock may come back from the future as often as it likes:
 *
 *     put at   1  2  3  99  98  4  5          age 4  3  2  ·  ·  1  0
 *
 * What this takes for younger than it is stays longer. The times are those of the store, which for a bucket are of another
 * clock than the server's, and come with the names.
 */
async function findAged(log: LogArchive, keepMs: number): Promise<number> {
  const longestPauseMs = keepMs / 10;
  // Pieces behind which all were put later; of those that came in quick succession one, since there may be millions.
  const pieces: { readonly firstTxOffset: number; readonly putAtMs: number }[] = [];
  for await (const piece of log.pieces()) {
    while (pieces.length > 0 && pieces.at(-1)!.putAtMs > piece.putAtMs) pieces.pop();
    if (piece.putAtMs - (pieces.at(-1)?.putAtMs ?? -Infinity) > longestPauseMs / 100) pieces.push(piece);
  }
  let ageMs = 0;
  for (let i = pieces.length - 2; i >= 0; i--) {
    ageMs += Math.min(pieces[i + 1]!.putAtMs - pieces[i]!.putAtMs, longestPauseMs); // i + 1 < length
    if (ageMs >= keepMs + longestPauseMs) return pieces[i]!.firstTxOffset;
  }
  return 0;
}
