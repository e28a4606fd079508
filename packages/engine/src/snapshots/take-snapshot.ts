import type { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import type { Identity } from '@lightcone/sats';
import type { CapturedTable, Captures } from '@lightcone/store';
import type { Clock } from '../clock.ts';
import type { Transactions } from '../transactions.ts';
import { type PagePlace, encodeContents } from './snapshot-contents.ts';
import { isLarge, sparseObjects } from './sparse-objects.ts';

/** What a snapshot is taken of, and where it goes. */
export interface SnapshotSource {
  readonly identity: Identity;
  readonly log: CommitLog;
  readonly transactions: Transactions;
  readonly captures: Captures<PagePlace>;
  readonly store: SnapshotStore;
  readonly clock: Clock;
  /** Lets others have the thread. */
  readonly defer: (run: () => void) => void;
}

/** A snapshot that is there, and that nobody has read again yet. */
export interface Snapshot {
  readonly txOffset: number;
  readonly tables: readonly CapturedTable<PagePlace>[];
  /** Of all its objects. */
  readonly byteLength: number;
}

export interface TakenSnapshot extends Snapshot {
  /** Of the objects that the one before does not have. */
  readonly writtenBytes: number;
}

/** Bytes of rows that are copied in one go: well below a millisecond of the database's thread. */
const SLICE_BYTES = 256 * 1024;

/**
 * Takes a snapshot of what is committed now, while transactions go on. It is there when this resolves; its last
 * transaction is durable.
 *
 * To be called between transactions: the first thing it waits for is before the moment that it takes.
 * @param before the snapshot whose pages are those of the captures
 * @throws BlobError, CommitLogError, the reason of the signal; there is no snapshot then
 */
export async function takeSnapshot(
  source: SnapshotSource,
  before: Snapshot | undefined,
  signal: AbortSignal,
): Promise<TakenSnapshot> {
  const { identity, log, transactions, captures, store, clock, defer } = source;
  const reused = before === undefined ? [] : encodeContents(before.tables).objects;
  const sparse = before === undefined ? new Set<string>() : sparseObjects(before.tables);
  const writer = await store.write(reused);
  try {
    signal.throwIfAborted();
    captures.begin(
      (bytes, start, end, isImmutable) => writer.add(bytes, start, end, isImmutable),
      (place) => isLarge(place) || place.every(({ object }) => !sparse.has(object.id)),
    );
    const txOffset = transactions.lastTxOffset;
    const takenAtMicros = Number(clock.nowMicros());
    log.beginSegment();
    while (!captures.continue(SLICE_BYTES)) {
      await writer.store();
      await new Promise<void>((resolve) => defer(resolve));
      signal.throwIfAborted();
    }
    await writer.storeAll();
    const tables = captures.finish();
    const { contents, objects } = encodeContents(tables);
    signal.throwIfAborted();
    if (txOffset > log.durableOffset) await log.sync();
    await writer.finish({ database: identity.bytes, txOffset, takenAtMicros, objects, contents });
    const byteLength = objects.reduce((sum, object) => sum + object.byteLength, 0);
    return { txOffset, tables, byteLength, writtenBytes: writer.storedBytes };
  } catch (error) {
    captures.forget();
    throw error;
  } finally {
    writer.abandon();
  }
}
