import { access } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { type FileLock, SnapshotStore, inspectLog } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import type { DatabaseCheck } from '@lightcone/engine/verify';
import { ServerError } from '../errors.ts';
import { checkHistory, extentOf } from './check-history.ts';
import type { Finding, ReplicaReport } from './directory-report.ts';
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
    for (const finding of log.findings) findings.push({ ...finding, path: relative(dataDirectory, finding.path) });
    const snapshots = {
      store: new SnapshotStore(new FolderBlobStore(join(folder, 'snapshots'))),
      path: `${path}/snapshots`,
    };
    const source = { fs, logFolder: join(folder, 'clog'), log, logPath: `${path}/clog`, snapshots };
    const found = await checkHistory(source, findings);
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
      log: extentOf(log),
      snapshots: found?.snapshots ?? [],
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

function damage(code: Finding['code'], path: string, message: string): Finding {
  return { severity: 'damage', code, path, message };
}
