import {
  type FileSystem,
  type LogInspection,
  type LogStretch,
  replayStretches,
  stretchesFrom,
} from '@lightcone/commitlog';
import { type DatabaseCheck, type RecordedHistory, checkDatabase } from '@lightcone/engine/verify';
import type { GoodPart, ReplicaReport } from './directory-report.ts';

/** What comes of the transactions of a log. */
export interface CheckedHistory {
  readonly check: DatabaseCheck;
  readonly good: GoodPart | undefined;
}

/** Replays what can be replayed; undefined if there is nothing. */
export async function checkHistory(
  fs: FileSystem,
  logFolder: string,
  { stretches }: LogInspection,
): Promise<CheckedHistory | undefined> {
  const chain = stretchesFrom(stretches, 0);
  if (chain.length === 0) return undefined;
  const check = await checkDatabase(historyOf(fs, logFolder, chain));
  const { good: cut, program } = check;
  return { check, good: cut && program && { firstTxOffset: 0, cut, program } };
}

function historyOf(fs: FileSystem, logFolder: string, chain: readonly LogStretch[]): RecordedHistory {
  return {
    endTxOffset: chain.at(-1)?.endTxOffset ?? 0,
    replay: (endTxOffset, visit) => replayStretches(fs, logFolder, chain, 0, endTxOffset, visit),
  };
}

/** How much of a log there is. */
export function extentOf({ segments, stretches }: LogInspection): ReplicaReport['log'] {
  return {
    segments: segments.length,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    firstTxOffset: segments[0]?.firstTxOffset ?? 0,
    endTxOffset: stretches.reduce((end, { endTxOffset }) => Math.max(end, endTxOffset), 0),
  };
}
