import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FileLock,
  type LogInspection,
  type LogStretch,
  inspectLog,
  replayStretches,
  stretchesFrom,
} from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { type DatabaseCheck, type RecordedHistory, checkDatabase } from '@lightcone/engine/verify';
import { ServerError } from '../errors.ts';
import type { Finding, GoodPart, ReplicaReport } from './directory-report.ts';
import { verifyModuleLogs } from './verify-module-logs.ts';

/** What the control database says of the replica. */
export interface ExpectedDatabase {
  readonly identity: string;
  readonly owner: string;
  readonly names: readonly string[];
}

/** Reads and checks everything of one replica, and adds what is wrong to `findings`. */
export async function verifyReplica(
  dataDirectory: string,
  replica: number,
  expected: ExpectedDatabase | undefined,
  findings: Finding[],
): Promise<ReplicaReport> {
  const path = `replicas/${replica}`;
  const folder = join(dataDirectory, path);
  const fs = new NodeFileSystem();
  const lock = await lockReplica(fs, folder);
  try {
    await verifyModuleLogs(dataDirectory, `${path}/module_logs`, findings);
    const log = await inspectLog(fs, join(folder, 'clog'));
    for (const finding of log.findings) findings.push({ ...finding, path: within(dataDirectory, finding.path) });
    const found = await checkHistory(fs, folder, log);
    for (const finding of found?.check.findings ?? []) findings.push({ ...finding, path: `${path}/clog` });
    const program = found?.check.program;
    if (found === undefined) {
      findings.push(
        damage('REPLICA_EMPTY', path, 'it has no transactions that lead anywhere: restore it from a backup'),
      );
    } else if (program !== undefined && expected !== undefined) {
      findings.push(...comparison(path, program, expected));
    }
    return {
      replica,
      path,
      identity: expected?.identity ?? program?.databaseIdentity,
      names: expected?.names ?? [],
      log: extent(log),
      good: found?.good,
      tables: found?.check.tables ?? [],
      connectedClients: found?.check.connectedClients ?? 0,
    };
  } finally {
    await lock?.release();
  }
}

/**
 * Keeps a server from starting the database meanwhile. A folder that cannot be written to needs no lock, and one without
 * a lock file gets none: nothing is changed here.
 */
async function lockReplica(fs: NodeFileSystem, folder: string): Promise<FileLock | undefined> {
  const path = join(folder, 'db.lock');
  let lock: FileLock | undefined;
  try {
    await access(path);
    lock = await fs.lock(path);
  } catch {
    return undefined;
  }
  if (lock !== undefined) return lock;
  throw new ServerError('SERVER_DATA_DIR_LOCKED', `${folder} is in use by another server or program: stop it first.`);
}

interface CheckedHistory {
  readonly check: DatabaseCheck;
  readonly good: GoodPart | undefined;
}

/** Replays what can be replayed; undefined if there is nothing. */
async function checkHistory(
  fs: NodeFileSystem,
  folder: string,
  { stretches }: LogInspection,
): Promise<CheckedHistory | undefined> {
  const chain = stretchesFrom(stretches, 0);
  if (chain.length === 0) return undefined;
  const check = await checkDatabase(historyOf(fs, join(folder, 'clog'), chain));
  const { good: cut, program } = check;
  return { check, good: cut && program && { firstTxOffset: 0, cut, program } };
}

function historyOf(fs: NodeFileSystem, logFolder: string, chain: readonly LogStretch[]): RecordedHistory {
  return {
    endTxOffset: chain.at(-1)?.endTxOffset ?? 0,
    replay: (endTxOffset, visit) => replayStretches(fs, logFolder, chain, 0, endTxOffset, visit),
  };
}

function* comparison(
  path: string,
  program: NonNullable<DatabaseCheck['program']>,
  expected: ExpectedDatabase,
): Generator<Finding> {
  if (program.databaseIdentity !== expected.identity) {
    const message = `it is of database ${program.databaseIdentity}, and the control database expects ${expected.identity}`;
    yield damage('REPLICA_OF_ANOTHER_DATABASE', path, message);
  }
  if (program.owner !== expected.owner) {
    const message = `its owner is ${program.owner}, by the control database ${expected.owner}`;
    yield { severity: 'warning', code: 'REPLICA_OF_ANOTHER_OWNER', path, message };
  }
}

function extent({ segments, stretches }: LogInspection): ReplicaReport['log'] {
  return {
    segments: segments.length,
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    firstTxOffset: segments[0]?.firstTxOffset ?? 0,
    endTxOffset: stretches.reduce((end, { endTxOffset }) => Math.max(end, endTxOffset), 0),
  };
}

function within(dataDirectory: string, path: string): string {
  return path.startsWith(`${dataDirectory}/`) ? path.slice(dataDirectory.length + 1) : path;
}

function damage(code: Finding['code'], path: string, message: string): Finding {
  return { severity: 'damage', code, path, message };
}
