import { copyFile, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { SnapshotStore, beginLog, copyLog } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { EMPTY_RECORD } from '@lightcone/engine/verify';
import { readConfig } from '../config.ts';
import { ControlDatabase } from '../control/control-database.ts';
import { ServerError } from '../errors.ts';
import { copyModuleLogs } from '../module-log/copy-module-logs.ts';
import { type ControlContent, ControlSnapshot } from './control-snapshot.ts';
import { type DirectoryReport, type Finding, type GoodPart, type ReplicaReport } from './directory-report.ts';
import { NewDataDirectory } from '../new-data-directory.ts';
import { verifyDataDirectory } from './verify-data-directory.ts';

/** What of a data directory is in a new one. */
export interface Salvage {
  readonly databases: readonly SalvagedDatabase[];
  /** Databases of which nothing could be taken over, by identity; by folder if that is unknown, too. */
  readonly lost: readonly string[];
  /** What else is not as it was, for people. */
  readonly notes: readonly string[];
}

/** A replica that is taken over. */
interface SavedReplica extends ReplicaReport {
  readonly good: GoodPart;
  readonly identity: string;
}

export interface SalvagedDatabase {
  readonly identity: string;
  readonly names: readonly string[];
  readonly replica: number;
  readonly firstTxOffset: number;
  readonly endTxOffset: number;
  /** Of the old log: what is not taken over lies before it. */
  readonly oldEndTxOffset: number;
}

/**
 * Writes a new data directory with everything that is good of one that was verified: each database up to its last good
 * transaction, names, module logs, keys and configuration. The old one is not changed. The new one is verified before
 * it gets its name, so it is whole or not there.
 *
 * @param report of `verifyDataDirectory`, of the directory as it is now
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE` for the target, `SERVER_SALVAGE_FAILED`
 */
export async function salvageDataDirectory(report: DirectoryReport, target: string): Promise<Salvage> {
  await using directory = await NewDataDirectory.begin(target);
  await using snapshot = await ControlSnapshot.of(report.path);
  const content = snapshot.read();
  const notes: string[] = [];
  await copyOwnFiles(report, directory.path, notes);

  const saved: SavedReplica[] = [];
  for (const replica of wanted(report, content)) {
    const { good, identity, path } = replica;
    if (good === undefined || identity === undefined) continue;
    await copyReplica(join(report.path, path), join(directory.path, path), replica, good);
    saved.push({ ...replica, good, identity });
  }
  if (content.isUsable) snapshot.writeTo(join(directory.path, 'control.sqlite'));
  const lost = writeControl(join(directory.path, 'control.sqlite'), content, report, saved);
  if (!content.isUsable) {
    notes.push(
      'The control database is damaged and was made anew: identities and owners are those in the databases, names those ' +
        'that were still readable; locks and energy are gone.',
    );
  }
  const check = await verifyDataDirectory(directory.path);
  for (const { severity, code, path, message } of check.findings) {
    if (severity !== 'damage') continue;
    const problem = `${path}: ${code}: ${message}`;
    if (!staysWithData(code)) {
      throw new ServerError(
        'SERVER_SALVAGE_FAILED',
        `what was taken over does not verify: ${problem}. Nothing was written.`,
      );
    }
    notes.push(`Still as it was: ${problem}`);
  }
  await directory.finish();
  return {
    databases: saved.map(({ identity, names, replica, good, log }) => ({
      identity,
      names,
      replica,
      firstTxOffset: good.firstTxOffset,
      endTxOffset: good.cut.endTxOffset,
      oldEndTxOffset: Math.max(log.endTxOffset, good.cut.endTxOffset),
    })),
    lost,
    notes,
  };
}

/** What is wrong with content that can be had only as it is. */
export function staysWithData(code: Finding['code']): boolean {
  return code.startsWith('PROGRAM_') || code === 'STATE_INVALID_DESCRIPTION';
}

/** The replicas that databases have: of several of one database the newest that has something good. */
function wanted({ replicas }: DirectoryReport, { isUsable, databases }: ControlContent): ReplicaReport[] {
  if (isUsable) return replicas.filter(({ replica }) => databases.some((record) => record.replica === replica));
  const newest = new Map<string, ReplicaReport>();
  for (const replica of replicas) {
    if (replica.good !== undefined) newest.set(replica.good.program.databaseIdentity, replica);
  }
  return [...newest.values()];
}

async function copyOwnFiles({ path: from, findings }: DirectoryReport, to: string, notes: string[]): Promise<void> {
  const names = await readdir(from);
  const unusable = findings.some(({ code, path }) => code === 'KEYS_UNUSABLE' && path.startsWith(join(from, 'id_')));
  if (unusable)
    notes.push('The key pair is unusable and left out: a start makes another, and all have to log in anew.');
  for (const name of unusable ? [] : names) {
    if (!(await lstat(join(from, name))).isFile()) continue;
    // Keys keep their modes.
    if (/^id_ecdsa(\.pub(\.retired)?)?$/u.test(name)) await copyFile(join(from, name), join(to, name));
  }
  if (!names.includes('config.toml')) return;
  try {
    await readConfig(join(from, 'config.toml'));
    await copyFile(join(from, 'config.toml'), join(to, 'config.toml'));
  } catch {
    notes.push('config.toml does not read and is left out: the defaults hold.');
  }
}

async function copyReplica(from: string, to: string, { snapshots }: ReplicaReport, good: GoodPart): Promise<void> {
  const { firstTxOffset, isFromSnapshot, chain, cut } = good;
  const fs = new NodeFileSystem();
  // A log must not be older than its snapshot: one that has nothing behind it gets a transaction that changes nothing.
  if (cut.endTxOffset > firstTxOffset) {
    await copyLog(fs, join(from, 'clog'), chain, join(to, 'clog'), firstTxOffset, cut);
  } else await beginLog(fs, join(to, 'clog'), firstTxOffset, EMPTY_RECORD);
  for (const txOffset of snapshots) {
    if (txOffset >= cut.endTxOffset || (isFromSnapshot && txOffset + 1 < firstTxOffset)) continue;
    await snapshotsIn(from).copyTo(snapshotsIn(to), txOffset);
  }
  await copyModuleLogs(from, to);
}

function snapshotsIn(replica: string): SnapshotStore {
  return new SnapshotStore(new FolderBlobStore(join(replica, 'snapshots')));
}

/** @returns what is lost */
function writeControl(
  path: string,
  content: ControlContent,
  { replicas }: DirectoryReport,
  saved: readonly SavedReplica[],
): string[] {
  const control = new ControlDatabase(path);
  try {
    if (content.isUsable) {
      const lost = content.databases.filter(({ replica }) => !saved.some((one) => one.replica === replica));
      for (const { identity } of lost) control.deleteDatabase(identity);
      return lost.map(({ identity }) => identity);
    }
    control.reserveReplicas(Math.max(0, ...replicas.map(({ replica }) => replica)));
    for (const { good, replica } of saved) {
      const { databaseIdentity: identity, owner, hash: initialProgram } = good.program;
      control.putDatabase({ identity, owner, initialProgram, replica, isLocked: false });
      for (const { name } of content.names.filter((one) => one.identity === identity)) {
        control.addName(name, identity, owner);
      }
    }
    return replicas.filter(({ good }) => good === undefined).map(({ path: folder }) => folder);
  } finally {
    control.close();
  }
}
