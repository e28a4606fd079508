import {
  CommitLogError,
  type FileSystem,
  type LogInspection,
  type LogStretch,
  type SnapshotReader,
  type SnapshotStore,
  replayStretches,
  stretchesFrom,
} from '@lightcone/commitlog';
import { type DatabaseCheck, type RecordedHistory, checkDatabase, compareSnapshot } from '@lightcone/engine/verify';
import type { Finding, GoodPart, ReplicaReport } from './directory-report.ts';

/** The transactions of a database from one beginning on. */
export interface CheckedHistory {
  readonly check: DatabaseCheck;
  readonly good: GoodPart | undefined;
  /** The last transactions of the snapshots that are whole. */
  readonly snapshots: readonly number[];
}

/** What is known of a database's transactions. */
export interface HistorySource {
  readonly fs: FileSystem;
  readonly logFolder: string;
  readonly log: LogInspection;
  /** What is found in the log is said to be in it. */
  readonly logPath: string;
  readonly snapshots?: { readonly store: SnapshotStore; readonly path: string } | undefined;
}

/** The bootstrap rows or a snapshot, and how far the log goes on from there. */
interface Beginning {
  readonly snapshot: SnapshotReader | undefined;
  readonly chain: readonly LogStretch[];
  readonly firstTxOffset: number;
  readonly endTxOffset: number;
}

/**
 * Finds from where, and up to where, the transactions of a database can be replayed; undefined if they lead nowhere. Of
 * the beginnings that lead furthest the earliest is taken: with it most is checked.
 */
export async function checkHistory(source: HistorySource, findings: Finding[]): Promise<CheckedHistory | undefined> {
  const { stretches } = source.log;
  const logEnd = stretches.reduce((end, { endTxOffset }) => Math.max(end, endTxOffset), 0);
  const snapshots = await goodSnapshots(source, logEnd, findings);
  const beginnings = [undefined, ...snapshots]
    .map((snapshot) => beginningAt(snapshot, stretches))
    .filter(({ snapshot, chain }) => snapshot !== undefined || chain.length > 0)
    .toSorted((a, b) => b.endTxOffset - a.endTxOffset || a.firstTxOffset - b.firstTxOffset);

  let best: CheckedHistory | undefined;
  for (const beginning of beginnings) {
    // What is behind a better one's end is not to be had from this one.
    if (best?.good !== undefined && best.good.cut.endTxOffset >= beginning.endTxOffset) break;
    const checked = await checkFrom(source, beginning, findings);
    if (checked?.good === undefined) best ??= checked;
    else if ((best?.good?.cut.endTxOffset ?? -1) < checked.good.cut.endTxOffset) best = checked;
  }
  if (best?.good !== undefined) await compareSnapshots(source, best.good, snapshots, findings);
  return best && { ...best, snapshots: snapshots.map(({ manifest }) => manifest.txOffset) };
}

async function goodSnapshots(source: HistorySource, logEnd: number, findings: Finding[]): Promise<SnapshotReader[]> {
  const { snapshots } = source;
  const good: SnapshotReader[] = [];
  if (snapshots === undefined) return good;
  try {
    await readSnapshots(snapshots, logEnd, good, findings);
  } catch (error) {
    // The store of blobs cannot be read: what it has is of no use.
    const message = error instanceof Error ? error.message : String(error);
    findings.push({ severity: 'damage', code: 'SNAPSHOT_UNUSABLE', path: snapshots.path, message });
  }
  return good;
}

async function readSnapshots(
  { store, path }: NonNullable<HistorySource['snapshots']>,
  logEnd: number,
  good: SnapshotReader[],
  findings: Finding[],
): Promise<void> {
  for (const txOffset of await store.list()) {
    const problems = await store.verify(txOffset);
    // A start passes such a snapshot over: whether something is lost with it is for the log to say.
    for (const { code, message } of problems) findings.push({ severity: 'warning', code, path, txOffset, message });
    if (problems.length > 0) continue;
    good.push(await store.open(txOffset));
    if (txOffset < logEnd) continue;
    const message = `it is newer than the log, which ends at ${logEnd}: transactions that were on disk when it was taken are missing`;
    findings.push({ severity: 'damage', code: 'SNAPSHOT_NEWER_THAN_LOG', path, txOffset, message });
  }
}

function beginningAt(snapshot: SnapshotReader | undefined, stretches: readonly LogStretch[]): Beginning {
  const firstTxOffset = snapshot === undefined ? 0 : snapshot.manifest.txOffset + 1;
  const chain = stretchesFrom(stretches, firstTxOffset);
  return { snapshot, chain, firstTxOffset, endTxOffset: chain.at(-1)?.endTxOffset ?? firstTxOffset };
}

async function checkFrom(
  source: HistorySource,
  beginning: Beginning,
  findings: Finding[],
): Promise<CheckedHistory | undefined> {
  const { firstTxOffset, snapshot, chain } = beginning;
  let check: DatabaseCheck;
  try {
    check = await checkDatabase(historyOf(source, beginning));
  } catch (error) {
    if (snapshot === undefined || (error instanceof CommitLogError && error.code.startsWith('LOG_'))) throw error;
    findings.push(unusable(source, snapshot, error));
    return undefined;
  }
  for (const finding of check.findings) {
    // Found from another beginning, too.
    if (findings.some(({ code, message }) => code === finding.code && message === finding.message)) continue;
    findings.push({ ...finding, path: source.logPath });
  }
  const { good: cut, program } = check;
  return {
    check,
    snapshots: [],
    good: cut && program && { firstTxOffset, isFromSnapshot: snapshot !== undefined, chain, cut, program },
  };
}

/** Compares the snapshots that lie in what was replayed with it. */
async function compareSnapshots(
  source: HistorySource,
  good: GoodPart,
  snapshots: readonly SnapshotReader[],
  findings: Finding[],
): Promise<void> {
  const beginning = snapshots.find(
    ({ manifest }) => good.isFromSnapshot && manifest.txOffset + 1 === good.firstTxOffset,
  );
  const history = historyOf(source, { ...beginningAt(beginning, source.log.stretches), chain: good.chain });
  for (const snapshot of snapshots) {
    const { txOffset } = snapshot.manifest;
    if (txOffset < good.firstTxOffset || txOffset >= good.cut.endTxOffset) continue;
    try {
      const path = source.snapshots?.path ?? '';
      for (const finding of await compareSnapshot(history, snapshot)) findings.push({ ...finding, path });
    } catch (error) {
      if (error instanceof CommitLogError && error.code.startsWith('LOG_')) throw error;
      findings.push(unusable(source, snapshot, error));
    }
  }
}

function unusable({ snapshots }: HistorySource, { manifest }: SnapshotReader, error: unknown): Finding {
  const message = `it is whole, and still cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  const { txOffset } = manifest;
  return { severity: 'damage', code: 'SNAPSHOT_UNUSABLE', path: snapshots?.path ?? '', txOffset, message };
}

function historyOf(
  { fs, logFolder }: HistorySource,
  { snapshot, chain, firstTxOffset, endTxOffset }: Beginning,
): RecordedHistory {
  return {
    endTxOffset,
    snapshot,
    replay: (end, visit) => replayStretches(fs, logFolder, chain, firstTxOffset, end, visit),
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
