import type { CommitVisitor, SnapshotReader } from '@lightcone/commitlog';
import { type Replay, Store } from '@lightcone/store';
import { EngineError } from '../errors.ts';
import { type IsEnd, RecordReplay } from '../record-replay.ts';
import { insertBootstrapRows } from '../recovery.ts';
import { repairHistory } from '../repair-history.ts';
import { restoreSnapshot } from '../snapshots/restore-snapshot.ts';
import type { DatabaseFinding } from './database-finding.ts';

/** The transactions of a database, which can be read again and again. */
export interface RecordedHistory {
  /** The first transaction that is not there. */
  readonly endTxOffset: number;
  /** Visits the commits from the first transaction on (of those behind the snapshot), up to the one before `endTxOffset`. */
  replay(endTxOffset: number, visit: CommitVisitor): Promise<void>;
  /** Whether the history ends before a transaction; only at `endTxOffset` if absent. */
  readonly isEnd?: IsEnd;
  /** What it goes on from; transactions that are in it may be there again. The bootstrap rows if absent. */
  readonly snapshot?: SnapshotReader | undefined;
}

/** The first transaction of a history that changes something. */
export function firstTxOffsetOf({ snapshot }: RecordedHistory): number {
  return snapshot === undefined ? 0 : snapshot.manifest.txOffset + 1;
}

/** A database as it was before `endTxOffset`, without indexes and sequences. */
export interface ReplayedDatabase {
  readonly store: Store;
  readonly replay: Replay;
  readonly endTxOffset: number;
  /** Of the commit that has the last transaction: bytes of its records up to there. For a `LogCut`. */
  readonly recordBytes: number;
  /** What kept the replay from going on to the end of the history. */
  readonly failure: DatabaseFinding | undefined;
}

/**
 * Replays a history as far as its records can be applied. What `replay` of the history throws passes through, and so does
 * what is wrong with its snapshot (`restoreSnapshot`).
 * @param endTxOffset the first transaction that is left out
 */
export async function replayHistory(history: RecordedHistory, endTxOffset: number): Promise<ReplayedDatabase> {
  const attempt = await replayUpTo(history, endTxOffset);
  const failedAt = attempt.failure?.txOffset;
  if (failedAt === undefined) return attempt;
  // A part of the record may have been applied before the rest of it could not be.
  return { ...(await replayUpTo(history, failedAt)), failure: attempt.failure };
}

async function replayUpTo(history: RecordedHistory, endTxOffset: number): Promise<ReplayedDatabase> {
  const store = new Store();
  const replay = store.replay();
  const { snapshot } = history;
  if (snapshot === undefined) insertBootstrapRows(store, replay);
  else await restoreSnapshot(snapshot, store, replay);
  const records = new RecordReplay(store, replay, firstTxOffsetOf(history), endTxOffset, history.isEnd);
  let failure: DatabaseFinding | undefined;
  try {
    await history.replay(endTxOffset, (...commit) => records.commit(...commit));
  } catch (error) {
    if (!(error instanceof EngineError) || records.problem === undefined) throw error;
    const { problem: code, tableId, txOffset } = records;
    const table = tableId === undefined ? undefined : store.tables.get(tableId)?.definition.name;
    failure = { severity: 'damage', code, txOffset, table, message: error.message };
  }
  if (failure === undefined) repairHistory(store, replay);
  return { store, replay, endTxOffset: records.endTxOffset, recordBytes: records.recordBytes, failure };
}
