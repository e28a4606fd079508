import { join } from 'node:path';
import { readConfig } from '../config.ts';
import type { ServerConfig } from '../config.ts';
import { type DirectoryMetadata, checkMetadata, readMetadata } from '../directory-metadata.ts';
import { ServerError } from '../errors.ts';
import { listGivenFolder } from '../given-folder.ts';
import { refuseEmbedded } from '../refuse-embedded.ts';
import { replicaFolders } from '../replica-folders.ts';
import { isUnregistered } from '../unregistered-replicas.ts';
import { type ControlContent, ControlSnapshot } from './control-snapshot.ts';
import type { DirectoryReport, Finding, ReplicaReport } from './directory-report.ts';
import { refuseRunning } from './refuse-running.ts';
import { verifyKeys } from './verify-keys.ts';
import { type ExpectedDatabase, verifyReplica } from './verify-replica.ts';

/** What is to be verified, for messages. */
const DATA_DIRECTORY = 'the data directory of a server, as `spacetime start` names it when it starts';

export interface VerifyOptions {
  /** Holds the key pair, unless `config.toml` names the files; the data directory unless given. */
  readonly keyDir?: string | undefined;
  /** Called before each replica is read, which may take long. */
  readonly onReplica?: (replica: number) => void;
}

/**
 * Checks a data directory that no server has open: its own files, the control database, and of each replica the log with
 * every record of it, the tables that come of it, and the program. Nothing is changed.
 *
 * @throws ServerError `SERVER_DATA_DIR_LOCKED`, `SERVER_DATA_DIR_INCOMPATIBLE` for the folder of another software or
 *   version, `SERVER_DATA_DIR_UNUSABLE` for what is no data directory at all
 */
export async function verifyDataDirectory(path: string, options: VerifyOptions = {}): Promise<DirectoryReport> {
  const findings: Finding[] = [];
  await checkFiles(path, findings);
  await refuseRunning(path);
  const config = await checkConfig(path, findings);
  const keyDir = options.keyDir ?? path;
  const keyPaths = { privatePath: join(keyDir, 'id_ecdsa'), publicPath: join(keyDir, 'id_ecdsa.pub') };
  await verifyKeys(config?.keys ?? keyPaths, findings);

  await using snapshot = await ControlSnapshot.of(path);
  const control = snapshot.read();
  findings.push(...control.findings);
  const replicas: ReplicaReport[] = [];
  for (const replica of await replicasOf(path, control, findings)) {
    options.onReplica?.(replica);
    const expected = expectedOf(control, replica);
    const found: Finding[] = [];
    replicas.push(await verifyReplica(path, replica, expected, found));
    // What no database needs can be as broken as it likes.
    const isNeeded = expected !== undefined || !control.isUsable;
    findings.push(...(isNeeded ? found : found.map(asWarning)));
  }
  return { path, findings, replicas };
}

async function checkFiles(path: string, findings: Finding[]): Promise<void> {
  const names = await listGivenFolder(path, DATA_DIRECTORY);
  const file = 'metadata.toml';
  if (!names.includes(file)) {
    if (!names.includes('control.sqlite') && !names.includes('replicas')) {
      refuseEmbedded(path, names);
      const message = `${path} has none of the files of a data directory: expected ${DATA_DIRECTORY}.`;
      throw new ServerError('SERVER_DATA_DIR_UNUSABLE', message);
    }
    const message = 'it is missing, so that nothing says which software made the folder; a start writes it anew';
    findings.push({ severity: 'warning', code: 'DIRECTORY_METADATA_MISSING', path: file, message });
    return;
  }
  checkMetadata(path, await readMetadata(join(path, file)).catch((): DirectoryMetadata => ({})));
}

async function checkConfig(path: string, findings: Finding[]): Promise<ServerConfig | undefined> {
  try {
    return await readConfig(join(path, 'config.toml'));
  } catch (error) {
    const message = `a server does not start with it: ${(error as Error).message}`;
    findings.push({ severity: 'damage', code: 'DIRECTORY_CONFIG_INVALID', path: 'config.toml', message });
    return undefined;
  }
}

/** The replicas that there are, ascending; what is missing or too many is told. */
async function replicasOf(path: string, control: ControlContent, findings: Finding[]): Promise<number[]> {
  const present = (await replicaFolders(path)).map(({ name }) => Number(name));
  for (const { replica, identity } of control.databases) {
    if (present.includes(replica)) continue;
    const message = `database ${identity} has no files`;
    findings.push({ severity: 'damage', code: 'REPLICA_MISSING', path: `replicas/${replica}`, message });
  }
  // Without a control database nobody can say that a folder belongs to none.
  for (const replica of control.isUsable ? present : []) {
    if (control.databases.some((record) => record.replica === replica)) continue;
    const reason = isUnregistered(join(path, 'replicas', String(replica)))
      ? 'what a publish left that did not come to its end; the next start of the server removes it'
      : 'what a restore with --replace put aside, or what a delete, a reset or a publish left that did not come to its end';
    const message = `no database has these files: ${reason}`;
    findings.push({ severity: 'warning', code: 'REPLICA_ORPHANED', path: `replicas/${replica}`, message });
  }
  return present.toSorted((a, b) => a - b);
}

function asWarning(finding: Finding): Finding {
  return finding.severity === 'damage' ? { ...finding, severity: 'warning' } : finding;
}

function expectedOf({ databases, names }: ControlContent, replica: number): ExpectedDatabase | undefined {
  const record = databases.find((one) => one.replica === replica);
  return (
    record && { ...record, names: names.filter(({ identity }) => identity === record.identity).map(({ name }) => name) }
  );
}
