import type { CommitLog, SnapshotReader } from '@lightcone/commitlog';
import { ByteWriter } from '@lightcone/sats';
import { type CapturedTable, type Captures, type Replay, type Store, StoreError } from '@lightcone/store';
import { EngineError } from './errors.ts';
import { bootstrapRows, defineSystemTables } from './bootstrap.ts';
import { RecordReplay } from './record-replay.ts';
import { repairHistory } from './repair-history.ts';
import { restoreSnapshot } from './snapshots/restore-snapshot.ts';
import type { PagePlace } from './snapshots/snapshot-contents.ts';
import { systemRowType } from './system-rows.ts';

/** A snapshot to start from. */
export interface SnapshotToRestore {
  readonly reader: SnapshotReader;
  /** Learns where the pages are. */
  readonly captures: Captures<PagePlace>;
  /** Called when the store holds the snapshot: what goes wrong after that is not the snapshot's fault. */
  readonly onRestored: () => void;
}

/** What a store was made from. */
export interface Recovery {
  /** What the snapshot consists of, if there was one. */
  readonly tables: readonly CapturedTable<PagePlace>[] | undefined;
  /** Bytes of the log's commits that were replayed. */
  readonly replayedBytes: number;
}

/**
 * Fills an empty store: with a snapshot and everything that the log has after it; or with the system tables, their
 * bootstrap rows, and everything that the log has.
 * @throws EngineError `ENGINE_RECOVERY_FAILED`; CommitLogError. `ENGINE_INVALID_SNAPSHOT`, BlobError if it is for the
 *   snapshot. The store is of no use then
 */
export async function recover(
  store: Store,
  log: CommitLog | undefined,
  snapshot?: SnapshotToRestore,
): Promise<Recovery> {
  const replay = store.replay();
  let tables: readonly CapturedTable<PagePlace>[] | undefined;
  if (snapshot === undefined) insertBootstrapRows(store, replay);
  else {
    tables = await restoreSnapshot(snapshot.reader, store, replay, snapshot.captures);
    snapshot.onRestored();
  }
  const firstTxOffset = snapshot === undefined ? 0 : snapshot.reader.manifest.txOffset + 1;
  const records = new RecordReplay(store, replay, firstTxOffset);
  let replayedBytes = 0;
  await log?.replay((minTxOffset, count, bytes, start, end) => {
    replayedBytes += end - start;
    records.commit(minTxOffset, count, bytes, start, end);
  }, firstTxOffset);
  try {
    repairHistory(store, replay);
    records.defineAll();
    replay.finish();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new EngineError(
      'ENGINE_RECOVERY_FAILED',
      `the log is whole, but its rows do not fit together: ${cause.message}`,
      { cause },
    );
  }
  return { tables, replayedBytes };
}

/** Makes the system tables in an empty store, with the rows that every log begins from. */
export function insertBootstrapRows(store: Store, replay: Replay): void {
  defineSystemTables(replay);
  const writer = new ByteWriter();
  for (const [tableId, row] of bootstrapRows()) {
    writer.reset();
    systemRowType(tableId).encode(writer, row);
    replay.insert(store.table(tableId), writer.bytes, 0, writer.length);
  }
}
