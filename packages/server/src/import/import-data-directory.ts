import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, open, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { beginLog, copyLog } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { EMPTY_RECORD } from '@lightcone/engine/verify';
import { readConfig } from '../config.ts';
import { ControlDatabase } from '../control/control-database.ts';
import { databaseNameProblem } from '../control/database-name.ts';
import { ServerError } from '../errors.ts';
import { extentOf } from '../verification/check-history.ts';
import { copyModuleLogs } from '../module-log/copy-module-logs.ts';
import { NewDataDirectory } from '../new-data-directory.ts';
import { staysWithData } from '../verification/salvage.ts';
import { verifyDataDirectory } from '../verification/verify-data-directory.ts';
import type { ImportFinding, ImportReport, ImportedDatabase } from './import-report.ts';
import { type SourceReplica, isHarmless, readReplica } from './read-replica.ts';
import { openSource } from './source-directory.ts';

export interface ImportOptions {
  /** Names for databases, by identity: those that they had cannot be read. */
  readonly names?: ReadonlyMap<string, readonly string[]>;
  /** Of a damaged database what is good is taken over, rather than nothing of all. */
  readonly salvages?: boolean;
  /** Called before each replica is read, which may take long. */
  readonly onReplica?: (replica: number) => void;
}

/**
 * Makes a data directory of one of SpacetimeDB 2.x: logs and module logs as they are, and a control database from what
 * the databases say of themselves. The source is not changed; the new directory is verified, and there whole or not at
 * all.
 *
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`, `SERVER_DATA_DIR_INCOMPATIBLE`, `SERVER_DATA_DIR_LOCKED`,
 *   `SERVER_IMPORT_REFUSED` (its message has a line for each reason)
 */
export async function importDataDirectory(
  source: string,
  target: string,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const replicas = await openSource(source);
  await refuseTargetInside(source, target);
  const findings: ImportFinding[] = [];
  const found: SourceReplica[] = [];
  await using directory = await NewDataDirectory.begin(target);
  for (const replica of replicas) {
    options.onReplica?.(replica);
    const one = await readReplica(source, directory.path, replica, findings);
    if (one !== undefined) found.push(one);
  }
  const chosen = newestOfEach(found, findings);
  refuseProblems(source, findings, chosen, options);

  await copyOwnFiles(source, directory.path, findings);
  for (const one of found) {
    const folder = `replicas/${one.replica}`;
    if (chosen.includes(one)) await copyReplica(join(source, folder), join(directory.path, folder), one);
    else await rm(join(directory.path, folder), { recursive: true, force: true });
  }
  const databases = chosen.map((one) => importedDatabase(one, options.names));
  writeControl(directory.path, chosen, databases, replicas.at(-1) ?? 0);
  const unnamed = databases.filter(({ names }) => names.length === 0).length;
  if (unnamed > 0) {
    findings.push({
      severity: 'warning',
      code: 'IMPORT_NAMES_LEFT_OUT',
      path: 'control-db',
      message:
        `names are in a file of SpacetimeDB's that is not read, so ${unnamed} of ${databases.length} databases have none: ` +
        'give them with --name, or later with `spacetime rename`',
    });
  }
  const check = await verifyDataDirectory(directory.path);
  const wrong = check.findings.find(({ severity, code }) => severity === 'damage' && !staysWithData(code));
  if (wrong !== undefined) {
    throw refused(source, [`what was taken over does not verify: ${wrong.path}: ${wrong.code}: ${wrong.message}`]);
  }
  await directory.finish();
  return { databases, findings };
}

/** A database that was published anew with its data deleted may have left the files of before. */
function newestOfEach(found: readonly SourceReplica[], findings: ImportFinding[]): SourceReplica[] {
  const newest = new Map<string, SourceReplica>();
  for (const one of found) {
    const { databaseIdentity } = one.good.program;
    const older = newest.get(databaseIdentity);
    newest.delete(databaseIdentity);
    newest.set(databaseIdentity, one);
    if (older === undefined) continue;
    const message = `it is of the same database as replicas/${one.replica}, which is newer, and is left out`;
    findings.push({ severity: 'warning', code: 'IMPORT_OLDER_REPLICA', path: `replicas/${older.replica}`, message });
  }
  return [...newest.values()];
}

function refuseProblems(
  source: string,
  findings: readonly ImportFinding[],
  chosen: readonly SourceReplica[],
  { names = new Map<string, readonly string[]>(), salvages = false }: ImportOptions,
): void {
  const reasons: string[] = [];
  if (chosen.length === 0) reasons.push('there is no database in it', ...findings.map(reasonOf));
  else if (!salvages) {
    // A program that does not run here is no reason to leave the data behind.
    const damage = findings.filter(({ severity, code }) => severity === 'damage' && !code.startsWith('PROGRAM_'));
    reasons.push(...damage.map(reasonOf));
    if (damage.length > 0) reasons.push('With --salvage what is good of each database is taken over.');
  }
  const given = [...names.values()].flat();
  for (const [identity, list] of names) {
    if (!chosen.some(({ good }) => good.program.databaseIdentity === identity)) {
      reasons.push(`--name: there is no database ${identity}`);
    }
    for (const name of list) {
      const problem = databaseNameProblem(name);
      if (problem !== undefined) reasons.push(`--name ${JSON.stringify(name)}: ${problem}`);
      if (given.filter((other) => other === name).length > 1) reasons.push(`--name ${name}: it is given twice`);
    }
  }
  if (reasons.length > 0) throw refused(source, reasons);
}

function reasonOf({ code, path, position, txOffset, message }: ImportFinding): string {
  const where = [
    path,
    ...(position === undefined ? [] : [`byte ${position}`]),
    ...(txOffset === undefined ? [] : [`transaction ${txOffset}`]),
  ];
  return `${where.join(', ')}: ${code}: ${message}`;
}

/** The source is not changed, and what is written into it would be read again. */
async function refuseTargetInside(source: string, target: string): Promise<void> {
  const parent = await realpath(dirname(target)).catch(() => resolve(dirname(target)));
  const way = relative(await realpath(source), join(parent, basename(target)));
  if (way.startsWith('..') || isAbsolute(way)) return;
  throw refused(source, [`the new data directory ${target} would lie in it: choose another place`]);
}

function refused(source: string, reasons: readonly string[]): ServerError {
  return new ServerError(
    'SERVER_IMPORT_REFUSED',
    `${source} is not imported, and nothing was written:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`,
  );
}

async function copyOwnFiles(source: string, target: string, findings: ImportFinding[]): Promise<void> {
  for (const name of await readdir(source)) {
    // A link could lead to what is not the directory's.
    if (!(await lstat(join(source, name))).isFile()) continue;
    // Keys keep their modes.
    if (/^id_ecdsa(\.pub)?$/u.test(name)) await copyFile(join(source, name), join(target, name));
    if (name !== 'config.toml') continue;
    try {
      await readConfig(join(source, name));
      await copyFile(join(source, name), join(target, name));
    } catch (error) {
      const message = `it is left out, and the defaults hold: ${(error as Error).message}`;
      findings.push({ severity: 'warning', code: 'IMPORT_CONFIG_LEFT_OUT', path: name, message });
    }
  }
}

/** Copies the log and what the module logged. A snapshot that the log goes on from is there already. */
async function copyReplica(from: string, to: string, { log, good }: SourceReplica): Promise<void> {
  const { cut, firstTxOffset, isFromSnapshot, chain } = good;
  const fs = new NodeFileSystem();
  if (!isFromSnapshot) await rm(join(to, 'snapshots'), { recursive: true, force: true });
  if (log.findings.every(isHarmless) && cut.endTxOffset === extentOf(log).endTxOffset) {
    await mkdir(join(to, 'clog'), { recursive: true });
    for (const { path } of log.segments) await copySynced(path, join(to, relative(from, path)));
    await fs.syncFolder(join(to, 'clog'));
  } else if (cut.endTxOffset > firstTxOffset) {
    await copyLog(fs, join(from, 'clog'), chain, join(to, 'clog'), firstTxOffset, cut);
  } else await beginLog(fs, join(to, 'clog'), firstTxOffset, EMPTY_RECORD);
  await copyModuleLogs(from, to);
}

async function copySynced(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await using handle = await open(to, 'r+');
  await handle.sync();
}

function importedDatabase({ replica, good, check }: SourceReplica, names: ImportOptions['names']): ImportedDatabase {
  const { databaseIdentity: identity, owner, hash } = good.program;
  return {
    identity,
    owner,
    names: names?.get(identity) ?? [],
    replica,
    firstTxOffset: good.firstTxOffset,
    endTxOffset: good.cut.endTxOffset,
    tables: check.tables,
    programHash: hash,
    connectedClients: check.connectedClients,
  };
}

function writeControl(
  path: string,
  chosen: readonly SourceReplica[],
  databases: readonly ImportedDatabase[],
  lastReplica: number,
): void {
  const control = new ControlDatabase(join(path, 'control.sqlite'));
  try {
    control.reserveReplicas(lastReplica);
    for (const { identity, owner, replica, names } of databases) {
      const initialProgram = chosen.find((one) => one.replica === replica)?.initialProgram ?? '';
      control.putDatabase({ identity, owner, initialProgram, replica, isLocked: false });
      for (const name of names) control.addName(name, identity, owner);
    }
  } finally {
    control.close();
  }
}
