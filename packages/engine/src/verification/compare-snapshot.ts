import type { SnapshotReader } from '@lightcone/commitlog';
import { type Table, Store } from '@lightcone/store';
import { restoreSnapshot } from '../snapshots/restore-snapshot.ts';
import { findIndexProblem } from './check-state.ts';
import type { DatabaseFinding } from './database-finding.ts';
import { type RecordedHistory, replayHistory } from './replayed-database.ts';

/**
 * Compares a snapshot with what its transactions give when they are replayed from before it: the same tables with the
 * same rows.
 *
 * @throws what is wrong with the snapshot itself (`restoreSnapshot`)
 */
export async function compareSnapshot(history: RecordedHistory, snapshot: SnapshotReader): Promise<DatabaseFinding[]> {
  const { txOffset } = snapshot.manifest;
  const restored = new Store();
  await restoreSnapshot(snapshot, restored, restored.replay());
  const replayed = await replayHistory(history, txOffset + 1);
  // What keeps the replay from getting there is told by `checkDatabase`. With indexes rows can be looked for.
  if (replayed.failure !== undefined || findIndexProblem(replayed) !== undefined) return [];
  const findings: DatabaseFinding[] = [];
  for (const id of new Set([...restored.tables.keys(), ...replayed.store.tables.keys()])) {
    const [ours, theirs] = [restored.tables.get(id), replayed.store.tables.get(id)];
    const { name = String(id), isEphemeral = false } = (theirs ?? ours)?.definition ?? {};
    if (isEphemeral || (ours !== undefined && theirs !== undefined && haveSameRows(ours, theirs))) continue;
    findings.push({
      severity: 'damage',
      code: 'STATE_SNAPSHOT_DIFFERS',
      txOffset,
      table: name,
      message:
        `the snapshot has ${ours?.rowCount ?? 'no'} rows, the transactions up to it give ${theirs?.rowCount ?? 'none'}, ` +
        'and they are not the same',
    });
  }
  return findings;
}

function haveSameRows(a: Table, b: Table): boolean {
  if (a.rowCount !== b.rowCount) return false;
  for (let row = a.first(); row >= 0; row = a.next(row)) {
    if (b.find(a.bytes(row), a.start(row), a.end(row)) < 0) return false;
  }
  return true;
}
