import type { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import { Identity } from '@lightcone/sats';
import { Captures, Store } from '@lightcone/store';
import { EngineError } from '../errors.ts';
import { recover } from '../recovery.ts';
import { saveSequence } from '../schema-objects.ts';
import type { PagePlace } from './snapshot-contents.ts';
import { isSnapshotDamage } from './snapshot-damage.ts';
import type { Snapshot } from './take-snapshot.ts';

/** A store as it was when its log ended. */
export interface RecoveredStore {
  readonly store: Store;
  readonly captures: Captures<PagePlace>;
  /** The snapshot that it was made from. */
  readonly snapshot: Snapshot | undefined;
  /** Bytes of the commits that were replayed. */
  readonly replayedBytes: number;
}

/**
 * Makes a store from the newest snapshot that is good and the log after it; where there is none, from the log alone,
 * if it begins with the first transaction.
 *
 * Snapshots that are damaged are set aside. One that fails for another reason is passed over. One that is newer than the
 * log refuses the start: it was stored when the log was on the disk that far, so that transactions are missing which were.
 * @param onProblem told of each snapshot that was not used, though it might have been
 * @throws EngineError `ENGINE_RECOVERY_FAILED`; CommitLogError
 */
export async function recoverStore(
  identity: Identity,
  log: CommitLog | undefined,
  snapshots?: SnapshotStore,
  onProblem: (message: string) => void = () => {},
): Promise<RecoveredStore> {
  if (log === undefined) return fromLog(undefined);
  const offsets = snapshots === undefined ? [] : (await snapshots.list()).toReversed();
  if (snapshots !== undefined && offsets.length > 0) {
    if (log.nextTxOffset === 0) throw emptyLog(offsets[0]!); // there is one
    for (const txOffset of offsets) {
      const recovered = await fromSnapshot(identity, log, snapshots, txOffset, onProblem);
      if (recovered !== undefined) return recovered;
    }
  }
  if (log.firstTxOffset > 0) {
    throw new EngineError(
      'ENGINE_RECOVERY_FAILED',
      `No connected snapshot found, commitlog starts at ${log.firstTxOffset}: there is no good snapshot at ` +
        `${log.firstTxOffset - 1} or later that the log goes on from. Restore one from a backup or an archive.`,
    );
  }
  return fromLog(log);
}

async function fromLog(log: CommitLog | undefined): Promise<RecoveredStore> {
  const store = newStore(log);
  const { replayedBytes } = await recover(store, log);
  return { store, captures: new Captures(store), snapshot: undefined, replayedBytes };
}

/** @returns undefined if the snapshot is of no use */
async function fromSnapshot(
  identity: Identity,
  log: CommitLog,
  snapshots: SnapshotStore,
  txOffset: number,
  onProblem: (message: string) => void,
): Promise<RecoveredStore | undefined> {
  if (txOffset + 1 < log.firstTxOffset) return undefined;
  const store = newStore(log);
  const captures = new Captures<PagePlace>(store);
  let isRestored = false;
  try {
    const reader = await snapshots.open(txOffset);
    const found = Identity.fromBytes(reader.manifest.database);
    if (!found.equals(identity)) throw otherDatabase(txOffset, found.toHex(), identity.toHex());
    if (txOffset >= log.nextTxOffset) throw logTooShort(txOffset, log.nextTxOffset - 1);
    const { tables = [], replayedBytes } = await recover(store, log, {
      reader,
      captures,
      onRestored: () => (isRestored = true),
    });
    const byteLength = reader.manifest.objects.reduce((sum, object) => sum + object.byteLength, 0);
    return { store, captures, snapshot: { txOffset, tables, byteLength }, replayedBytes };
  } catch (error) {
    if (isRestored || (error instanceof EngineError && error.code === 'ENGINE_RECOVERY_FAILED')) throw error;
    onProblem(`the snapshot at ${txOffset} cannot be used: ${error instanceof Error ? error.message : String(error)}`);
    if (isSnapshotDamage(error)) await snapshots.invalidate(txOffset);
    return undefined;
  }
}

function newStore(log: CommitLog | undefined): Store {
  // On a full disk, those who are let in take numbers in vain. No snapshot may say so, as the log cannot.
  if (log?.fullDisk !== undefined) return new Store();
  const store: Store = new Store((transaction, _table, sequence) => saveSequence(store, transaction, sequence));
  return store;
}

function emptyLog(txOffset: number): EngineError {
  return new EngineError(
    'ENGINE_RECOVERY_FAILED',
    `the log has no transactions, though there is a snapshot at ${txOffset}. ` +
      'Restore the log, or move the snapshots away to begin anew.',
  );
}

function logTooShort(txOffset: number, lastTxOffset: number): EngineError {
  return new EngineError(
    'ENGINE_RECOVERY_FAILED',
    `the log ends at transaction ${lastTxOffset}, and there is a snapshot at ${txOffset}: what was on the disk when it ` +
      'was taken is missing. Restore it from a backup or an archive, or save what there is: ' +
      'spacetime verify <data directory> --salvage <new folder>',
  );
}

function otherDatabase(txOffset: number, found: string, expected: string): EngineError {
  return new EngineError(
    'ENGINE_RECOVERY_FAILED',
    `the snapshot at ${txOffset} is of database ${found}, expected ${expected}: the files of two databases are mixed up`,
  );
}
