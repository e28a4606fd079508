import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PrefixedBlobStore } from '@lightcone/blobs';
import { FolderBlobStore } from '@lightcone/blobs/node';
import {
  CommitLogError,
  SnapshotStore,
  copyLog,
  inspectLog,
  replayStretches,
  stretchesFrom,
  writePieces,
} from '@lightcone/commitlog';
import type { LogPiece, LogStretch, SnapshotReader } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { checkDatabase } from '@lightcone/engine/verify';
import type { RecordedHistory } from '@lightcone/engine/verify';
import { formatTimestamp } from '@lightcone/sats';
import { ServerError } from '../errors.ts';
import { readManifest } from './backup-manifest.ts';
import type { DatabaseCopy } from './database-copy.ts';
import { hasLaterTransaction } from './has-later-transaction.ts';

/** As of when a database is brought back. */
export type RestoreTarget =
  | { readonly kind: 'latest' }
  /** The last transaction that is to be in it. */
  | { readonly kind: 'offset'; readonly txOffset: number }
  /** With no transaction of a later moment, in µs since 1970. */
  | { readonly kind: 'time'; readonly micros: number };

export interface RestoredLog {
  /** The last transaction that is in it. */
  readonly lastTxOffset: number;
  /** The snapshot that it begins with; undefined if it has the whole log. */
  readonly snapshot: number | undefined;
  /** Of the user's tables. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
}

/**
 * Writes the folder of a database from a copy of it: the log and, if it needs one, a snapshot. Every checksum is checked
 * on the way, and the log is replayed: that the database is whole, and where its last record ends, is known only then.
 *
 * @param folder is not there yet; what is written of it when this fails is no database
 * @throws ServerError `SERVER_RESTORE_FAILED`, `SERVER_NOT_THERE_YET`, `SERVER_COPY_DAMAGED`; CommitLogError, BlobError
 */
export async function restoreCopy(copy: DatabaseCopy, target: RestoreTarget, folder: string): Promise<RestoredLog> {
  const fs = new NodeFileSystem();
  const firsts: number[] = [];
  for await (const first of copy.log.list()) firsts.push(first);
  const beginning = firsts[0];
  if (beginning === undefined) throw damagedCopy(copy, 'it has no transactions');
  const snapshot = await restoreSnapshot(copy, target, beginning, folder);
  const from = firsts.findLast((first) => first <= firstNeeded(snapshot?.manifest.txOffset, target)) ?? beginning;
  const fetched = join(folder, 'fetched');
  const timesByTxOffset = new Map<number, number>();
  await writePieces(fs, fetched, piecesOf(copy, firsts.slice(firsts.indexOf(from)), target, snapshot), ({ times }) => {
    for (const { txOffset, micros } of times) timesByTxOffset.set(txOffset, micros);
  });
  const { findings, stretches } = await inspectLog(fs, fetched);
  for (const { path, message } of findings) throw damagedCopy(copy, `${path}: ${message}`);
  const chain = stretchesFrom(stretches, from);
  const end = chain.at(-1)?.endTxOffset ?? 0;
  const promised = await promisedEnd(copy, snapshot);
  // Behind a transaction that is later than the moment nothing was fetched.
  const isCutShort = target.kind === 'time' && firsts.some((first) => first >= end);
  const needed = target.kind === 'offset' ? Math.min(promised, target.txOffset + 1) : promised;
  if (!isCutShort && end < needed) {
    throw damagedCopy(copy, `its log ends with transaction ${end - 1}, though it had ${promised - 1}`);
  }
  if (target.kind === 'offset' && end <= target.txOffset) {
    throw failed(copy, `it ends with transaction ${end - 1}, and ${target.txOffset} is asked for`);
  }

  const history = historyOf(fs, fetched, chain, from, target, timesByTxOffset);
  const check = await checkDatabase(snapshot === undefined ? history : { ...history, snapshot });
  const damage = check.findings.find(({ severity }) => severity === 'damage');
  if (damage?.code === 'PROGRAM_MISSING') {
    const where = `${copy.name.identity}/${copy.name.id}`;
    throw new ServerError('SERVER_NOT_THERE_YET', `${where}: the database was not there yet at that moment`);
  }
  if (damage !== undefined) throw damagedCopy(copy, damage.message);
  const { good: cut, program } = check;
  if (cut === undefined || program === undefined) throw damagedCopy(copy, 'no server starts from it');
  if (program.databaseIdentity !== copy.name.identity) {
    throw damagedCopy(copy, `it is of database ${program.databaseIdentity}`);
  }
  const log = join(folder, 'clog');
  if (cut.endTxOffset === end) await rename(fetched, log);
  else await copyLog(fs, fetched, chain, log, from, cut);
  await rm(fetched, { recursive: true, force: true });
  await fs.syncFolder(folder);
  return { lastTxOffset: cut.endTxOffset - 1, snapshot: snapshot?.manifest.txOffset, tables: check.tables };
}

/** Where the log ended at least when the copy was whole. */
async function promisedEnd(copy: DatabaseCopy, snapshot: SnapshotReader | undefined): Promise<number> {
  const { lastTxOffset = -1 } = (await readManifest(copy)) ?? {};
  return Math.max(lastTxOffset, snapshot?.manifest.txOffset ?? -1) + 1;
}

/**
 * Copies the newest usable snapshot that is not too late; undefined if there is none, and the log begins without.
 * @throws ServerError `SERVER_COPY_DAMAGED` if the log needs one that is damaged or missing; `SERVER_RESTORE_FAILED` if
 *   what is asked for is before all that there are
 */
async function restoreSnapshot(
  copy: DatabaseCopy,
  target: RestoreTarget,
  beginning: number,
  folder: string,
): Promise<SnapshotReader | undefined> {
  const snapshots = new SnapshotStore(new PrefixedBlobStore(new FolderBlobStore(folder), 'snapshots'));
  let damage: CommitLogError | undefined;
  /** Of the oldest one that is too late. */
  let earliest: { readonly txOffset: number; readonly takenAtMicros: number } | undefined;
  for (const txOffset of (await copy.snapshots.list()).toReversed()) {
    if (txOffset + 1 < beginning) break;
    try {
      const { takenAtMicros } = (await copy.snapshots.open(txOffset)).manifest;
      if (isTooLate(target, Math.max(txOffset, beginning), takenAtMicros)) {
        earliest = { txOffset: Math.max(txOffset, beginning), takenAtMicros };
        continue;
      }
      await copy.snapshots.copyTo(snapshots, txOffset);
      return await snapshots.open(txOffset);
    } catch (error) {
      // An older one and more of the log lead to the same place.
      if (!(error instanceof CommitLogError)) throw error;
      damage ??= error;
    }
  }
  if (beginning === 0) return undefined;
  const wayOut =
    earliest &&
    `the earliest that it can be brought back to is transaction ${earliest.txOffset}, of ${formatTimestamp(BigInt(earliest.takenAtMicros))}`;
  if (damage === undefined && wayOut !== undefined) throw failed(copy, wayOut);
  // Nobody can say that this copy does not reach back so far, so an older one must not stand in for it.
  const problem = damage === undefined ? 'is missing' : `is damaged: ${damage.message}`;
  const reason = `its log begins with transaction ${beginning}, and a snapshot that it needs ${problem}`;
  throw damagedCopy(copy, wayOut === undefined ? reason : `${reason}; ${wayOut}`);
}

/** Whether a snapshot, and the first transaction behind it that the log has, are later than what is asked for. */
function isTooLate(target: RestoreTarget, txOffset: number, takenAtMicros: number): boolean {
  if (target.kind === 'offset') return txOffset > target.txOffset;
  return target.kind === 'time' && takenAtMicros > target.micros;
}

/** A log beside a snapshot has a transaction at least: the last one of the snapshot, if there are none behind it. */
function firstNeeded(snapshot: number | undefined, target: RestoreTarget): number {
  if (snapshot === undefined) return 0;
  return target.kind === 'offset' && target.txOffset > snapshot ? snapshot + 1 : snapshot;
}

async function* piecesOf(
  copy: DatabaseCopy,
  firsts: readonly number[],
  target: RestoreTarget,
  snapshot: SnapshotReader | undefined,
): AsyncGenerator<LogPiece> {
  const from = (snapshot?.manifest.txOffset ?? -1) + 1;
  for (const first of firsts) {
    if (target.kind === 'offset' && first > target.txOffset) return;
    const piece = await copy.log.read(first);
    yield piece;
    if (target.kind === 'time' && hasLaterTransaction(piece, target.micros, from)) return;
  }
}

function historyOf(
  fs: NodeFileSystem,
  folder: string,
  chain: readonly LogStretch[],
  from: number,
  target: RestoreTarget,
  timesByTxOffset: ReadonlyMap<number, number>,
): RecordedHistory {
  const end = chain.at(-1)?.endTxOffset ?? 0;
  return {
    endTxOffset: target.kind === 'offset' ? target.txOffset + 1 : end,
    replay: (endTxOffset, visit) => replayStretches(fs, folder, chain, from, endTxOffset, visit),
    ...(target.kind === 'time' && {
      isEnd: (txOffset: number, calledAtMicros: bigint | undefined) => {
        // A transaction of which nothing says its time is as late as the one before it.
        const micros = calledAtMicros === undefined ? timesByTxOffset.get(txOffset) : Number(calledAtMicros);
        return micros !== undefined && micros > target.micros;
      },
    }),
  };
}

function failed(copy: DatabaseCopy, reason: string): ServerError {
  return new ServerError('SERVER_RESTORE_FAILED', `${copy.name.identity}/${copy.name.id}: ${reason}`);
}

function damagedCopy(copy: DatabaseCopy, reason: string): ServerError {
  return new ServerError('SERVER_COPY_DAMAGED', `${copy.name.identity}/${copy.name.id}: ${reason}`);
}
