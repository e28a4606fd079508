import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CONTROL_SCHEMA_VERSION, readSchemaVersion } from '../control/control-database.ts';
import { isDiskFull } from '../disk-full.ts';
import type { Finding } from './directory-report.ts';

export interface ControlRecord {
  readonly identity: string;
  readonly owner: string;
  readonly replica: number;
}

export interface ControlName {
  readonly name: string;
  readonly identity: string;
  /** Who registered it. */
  readonly owner: string | undefined;
}

/** What `control.sqlite` says, and what is wrong with it. */
export interface ControlContent {
  readonly findings: readonly Finding[];
  /** Whether it is as a server needs it. */
  readonly isUsable: boolean;
  /** As far as they are readable. */
  readonly databases: readonly ControlRecord[];
  readonly names: readonly ControlName[];
}

const FILE = 'control.sqlite';

/**
 * A copy of a data directory's control database with what its journal adds, in a temporary folder. SQLite changes files
 * that it only reads (it joins the journal and the database), so the original is never opened.
 */
export class ControlSnapshot implements AsyncDisposable {
  readonly #folder: string;
  readonly #path: string;
  /** Why there is no copy. */
  readonly #missing: Finding | undefined;

  private constructor(folder: string, path: string, missing: Finding | undefined) {
    this.#folder = folder;
    this.#path = path;
    this.#missing = missing;
  }

  static async of(dataDirectory: string): Promise<ControlSnapshot> {
    const folder = await mkdtemp(join(tmpdir(), 'lightcone-control-'));
    try {
      return await ControlSnapshot.#copy(dataDirectory, folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  static async #copy(dataDirectory: string, folder: string): Promise<ControlSnapshot> {
    const path = join(folder, FILE);
    const problem = await copyFailure(join(dataDirectory, FILE), path);
    if (problem !== undefined) {
      const missing = damage('CONTROL_MISSING', 'it is missing: nothing says which databases there are');
      return new ControlSnapshot(folder, path, problem.code === 'ENOENT' ? missing : unreadable(problem));
    }
    // Without its journal the database is as it was some time ago, and looks as sound as ever.
    const journal = await copyFailure(join(dataDirectory, `${FILE}-wal`), `${path}-wal`);
    const isUsable = journal === undefined || journal.code === 'ENOENT';
    return new ControlSnapshot(folder, path, isUsable ? undefined : unreadable(journal, `${FILE}-wal`));
  }

  /** Reads everything, past damage as far as that goes. */
  read(): ControlContent {
    if (this.#missing !== undefined) return unusable([this.#missing]);
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(this.#path);
      return readAll(database);
    } catch (error) {
      return unusable([damage('CONTROL_CORRUPT', `SQLite cannot open it: ${(error as Error).message}`)]);
    } finally {
      database?.close();
    }
  }

  /** Writes it, one file without a journal, to a path that is free. */
  writeTo(path: string): void {
    const database = new DatabaseSync(this.#path);
    try {
      database.prepare('VACUUM INTO ?').run(path);
    } finally {
      database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * @returns why there is no copy
 * @throws the system's error if there is no room for it: that says nothing about the original
 */
async function copyFailure(from: string, to: string): Promise<NodeJS.ErrnoException | undefined> {
  return copyFile(from, to).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => {
      if (isDiskFull(error)) throw error;
      return error;
    },
  );
}

function unreadable({ code, message }: NodeJS.ErrnoException, path = FILE): Finding {
  const reason = code === 'EISDIR' ? 'it is a folder, where a file is expected' : `it cannot be read: ${message}`;
  return { ...damage('CONTROL_CORRUPT', reason), path };
}

function readAll(database: DatabaseSync): ControlContent {
  const findings: Finding[] = [];
  const version = readSchemaVersion(database);
  if (version !== CONTROL_SCHEMA_VERSION) {
    const message = `it has schema version ${String(version)}, and this program knows version ${CONTROL_SCHEMA_VERSION}`;
    return unusable([damage(version === 0 ? 'CONTROL_CORRUPT' : 'CONTROL_UNSUPPORTED', message)]);
  }
  const all = <Row>(sql: string): Row[] => attempt(() => database.prepare(sql).all() as Row[], findings);
  const problems = all<{ integrity_check: string }>('PRAGMA integrity_check');
  for (const { integrity_check: problem } of problems.slice(0, 10)) {
    if (problem !== 'ok') findings.push(damage('CONTROL_CORRUPT', `SQLite's integrity check: ${problem}`));
  }
  const databases = all<ControlRecord>('SELECT identity, owner, replica FROM database ORDER BY replica');
  const names = all<ControlName>(
    'SELECT name.name, name.identity, owner FROM name LEFT JOIN name_owner USING (name) ORDER BY name.rowid',
  );
  const isUsable = findings.length === 0;
  const known = new Set(databases.map(({ identity }) => identity));
  for (const { name, identity, owner } of names) {
    if (!known.has(identity)) {
      const message = `the name ${name} stands for database ${identity}, which is not there; rename another to it to use it`;
      findings.push({ severity: 'note', code: 'CONTROL_NAME_DANGLING', path: FILE, message });
    }
    if (typeof owner === 'string') continue;
    const message = `nobody owns the name ${name}, so that anybody may take it`;
    findings.push({ severity: 'warning', code: 'CONTROL_NAME_NOT_OWNED', path: FILE, message });
  }
  return { findings, isUsable, databases, names };
}

/** What a query gives; nothing, and a finding, if the file is too damaged for it. */
function attempt<Row>(query: () => Row[], findings: Finding[]): Row[] {
  try {
    return query();
  } catch (error) {
    findings.push(damage('CONTROL_CORRUPT', `SQLite cannot read it: ${(error as Error).message}`));
    return [];
  }
}

function unusable(findings: readonly Finding[]): ControlContent {
  return { findings, isUsable: false, databases: [], names: [] };
}

function damage(code: Finding['code'], message: string): Finding {
  return { severity: 'damage', code, path: FILE, message };
}
