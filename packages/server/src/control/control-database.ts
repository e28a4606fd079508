import { rmSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementResultingChanges, StatementSync } from 'node:sqlite';
import { isDiskFull } from '../disk-full.ts';
import { ServerError } from '../errors.ts';
import { isDamage, isWriteRefused } from './sqlite-failure.ts';

export interface DatabaseRecord {
  readonly identity: string;
  readonly owner: string;
  /** Keccak-256 of the program it was created with, 64 hex digits; updates do not change it. */
  readonly initialProgram: string;
  /** Names the folder of its files; a reset gives the database a new one. */
  readonly replica: number;
  /** A locked database can be neither deleted nor reset. */
  readonly isLocked: boolean;
}

export type NameOutcome = 'ok' | 'name taken' | 'owned by another';

interface DatabaseRow {
  readonly identity: string;
  readonly owner: string;
  readonly initial_program: string;
  readonly replica: number;
  readonly is_locked: number;
}

/** Tools read an i128. */
const MAX_BALANCE = 2n ** 127n - 1n;

/** Far more than the pages that a deletion changes. */
const ROOM_BYTES = 64 * 1024;

/** `user_version` of the file. */
export const CONTROL_SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE database (
    identity TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    initial_program TEXT NOT NULL,
    replica INTEGER NOT NULL UNIQUE,
    is_locked INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX database_by_owner ON database (owner);
  CREATE TABLE name (name TEXT PRIMARY KEY, identity TEXT NOT NULL) STRICT;
  CREATE INDEX name_by_identity ON name (identity);
  -- Who registered a name first owns it for good, also when no database bears it any more.
  CREATE TABLE name_owner (name TEXT PRIMARY KEY, owner TEXT NOT NULL) STRICT;
  CREATE TABLE energy (identity TEXT PRIMARY KEY, balance TEXT NOT NULL) STRICT;
  -- AUTOINCREMENT: a number is never given out again.
  CREATE TABLE replica (id INTEGER PRIMARY KEY AUTOINCREMENT) STRICT;
  PRAGMA user_version = ${CONTROL_SCHEMA_VERSION};
`;

/**
 * What the server knows about its databases: who owns them and what they are called. Identities and hashes are lower-case
 * hex text. Every change is durable when it returns.
 */
export class ControlDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** A file that holds the room of the log of changes while that is not there; undefined in memory. */
  readonly #roomPath: string | undefined;

  /**
   * @param path of the file, `:memory:` for none; taken for this process alone
   * @param lastReplica the greatest number that a folder has: it is not given out, and with one the file is not made
   * @throws an error that `isLocked` knows when another process has it; ServerError `SERVER_DATA_DIR_INCOMPATIBLE`,
   *   `SERVER_DATA_DIR_UNUSABLE`
   */
  constructor(path: string, lastReplica = 0) {
    for (const suffix of ['', '-wal', '-journal']) refuseFolder(path + suffix);
    this.#database = new DatabaseSync(path, { timeout: 2000 });
    this.#roomPath = path === ':memory:' ? undefined : `${path}-room`;
    try {
      this.#database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      // Each change is brought to the file at once, so that the next one is written to the beginning of the log.
      this.#database.exec('PRAGMA wal_autocheckpoint = 1');
      this.atOnce(() => this.#prepareSchema(path, lastReplica));
      this.#assertSound(path);
      this.reserveReplicas(lastReplica);
      this.#setRoomAside();
    } catch (error) {
      this.#database.close();
      throw isDamage(error) ? unusable(path, `is damaged: ${error.message}`) : error;
    }
  }

  #prepareSchema(path: string, lastReplica: number): void {
    const version = readSchemaVersion(this.#database);
    if (version === 0) {
      if (lastReplica > 0) throw unusable(path, 'is missing or empty, and databases lie beside it');
      this.#database.exec(SCHEMA);
    } else if (version !== CONTROL_SCHEMA_VERSION) {
      throw new ServerError(
        'SERVER_DATA_DIR_INCOMPATIBLE',
        `${path} has schema version ${String(version)}, and this server knows version ${CONTROL_SCHEMA_VERSION}. Start ` +
          'the version of Lightcone that wrote it, or choose another folder with --data-dir.',
      );
    }
  }

  /** What is found out later ends a server that says that it runs. */
  #assertSound(path: string): void {
    let problem: unknown;
    try {
      problem = this.#database.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
    } catch (error) {
      problem = (error as Error).message;
    }
    if (problem !== 'ok') throw unusable(path, `is damaged: ${String(problem).replaceAll('\n', ' ')}`);
  }

  close(): void {
    if (!this.#database.isOpen) return;
    this.#database.close();
    this.#keepRoom();
  }

  /**
   * Makes the log of changes, which is written from its beginning again and again, so long that to delete a database takes
   * no room on the disk: on a full one it is what gives room.
   */
  #setRoomAside(): void {
    if (this.#roomPath !== undefined) giveRoom(this.#roomPath);
    try {
      this.atOnce(() =>
        this.#database.exec(`
          CREATE TABLE IF NOT EXISTS ballast (bytes BLOB);
          INSERT INTO ballast VALUES (zeroblob(${ROOM_BYTES}));
        `),
      );
      this.#database.exec('DROP TABLE ballast');
    } catch (error) {
      // There is none: what is there can be read nevertheless.
      if (!isDiskFull(error) && !isWriteRefused(error)) throw error;
    }
  }

  /** SQLite has removed the log of changes: the next start is to have room for it, also when the disk is full then. */
  #keepRoom(): void {
    if (this.#roomPath === undefined) return;
    try {
      // It goes to the log and then to the file, each time with a page more or two.
      writeFileSync(this.#roomPath, new Uint8Array(4 * ROOM_BYTES));
    } catch {
      // Everything is safe without it.
    }
  }

  findDatabase(identity: string): DatabaseRecord | undefined {
    return toRecord(this.#get<DatabaseRow>('SELECT * FROM database WHERE identity = ?', identity));
  }

  databases(): DatabaseRecord[] {
    return this.#all<DatabaseRow>('SELECT * FROM database ORDER BY replica').map((row) => toRecord(row));
  }

  databasesOf(owner: string): string[] {
    const rows = this.#all<DatabaseRow>('SELECT * FROM database WHERE owner = ? ORDER BY replica', owner);
    return rows.map((row) => row.identity);
  }

  /** A number for the folder of a database that is about to be made. */
  newReplica(): number {
    return Number(this.#run('INSERT INTO replica DEFAULT VALUES').lastInsertRowid);
  }

  /** Sees to it that numbers up to this one are not given out. */
  reserveReplicas(last: number): void {
    if (last > 0) this.#run('INSERT OR IGNORE INTO replica VALUES (?)', last);
  }

  /** Makes several changes at once: all of them, or none if one throws. What it calls may do so as part of it. */
  atOnce<Result>(change: () => Result): Result {
    const database = this.#database;
    if (database.isTransaction) return change();
    database.exec('BEGIN');
    try {
      const result = change();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself undoes all of it where the disk is full.
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Registers a database, or changes a registered one. */
  putDatabase({ identity, owner, initialProgram, replica, isLocked }: DatabaseRecord): void {
    const sql = 'INSERT OR REPLACE INTO database VALUES (?, ?, ?, ?, ?)';
    this.#run(sql, identity, owner, initialProgram, replica, isLocked ? 1 : 0);
  }

  /** Works on a full disk, too, unless it was full already when the room for that was to be set aside. */
  deleteDatabase(identity: string): void {
    this.#run('DELETE FROM database WHERE identity = ?', identity);
  }

  setLocked(identity: string, isLocked: boolean): void {
    this.#run('UPDATE database SET is_locked = ? WHERE identity = ?', isLocked ? 1 : 0, identity);
  }

  findIdentity(name: string): string | undefined {
    return this.#get<{ identity: string }>('SELECT identity FROM name WHERE name = ?', name)?.identity;
  }

  namesOf(identity: string): string[] {
    const rows = this.#all<{ name: string }>('SELECT name FROM name WHERE identity = ? ORDER BY rowid', identity);
    return rows.map((row) => row.name);
  }

  /** Who registered a name first. */
  nameOwner(name: string): string | undefined {
    return this.#get<{ owner: string }>('SELECT owner FROM name_owner WHERE name = ?', name)?.owner;
  }

  /** Gives a database one more name. */
  addName(name: string, identity: string, caller: string): NameOutcome {
    return this.atOnce(() => {
      if (this.findIdentity(name) !== undefined) return 'name taken';
      if (!this.#takeName(name, caller)) return 'owned by another';
      this.#run('INSERT INTO name VALUES (?, ?)', name, identity);
      return 'ok';
    });
  }

  /** Gives a database other names, all or none. @returns the name that stands in the way */
  replaceNames(names: readonly string[], identity: string, caller: string): string | undefined {
    return this.atOnce(() => {
      const all = [...this.namesOf(identity), ...names];
      const refused = all.find((name) => (this.nameOwner(name) ?? caller) !== caller);
      if (refused !== undefined) return refused;
      this.#run('DELETE FROM name WHERE identity = ?', identity);
      for (const name of names) {
        this.#takeName(name, caller);
        this.#run('INSERT INTO name VALUES (?, ?)', name, identity);
      }
      return undefined;
    });
  }

  energy(identity: string): bigint {
    return BigInt(
      this.#get<{ balance: string }>('SELECT balance FROM energy WHERE identity = ?', identity)?.balance ?? 0,
    );
  }

  /** @returns the balance afterwards */
  addEnergy(identity: string, amount: bigint): bigint {
    return this.atOnce(() => {
      const sum = this.energy(identity) + amount;
      const balance = sum > MAX_BALANCE ? MAX_BALANCE : sum;
      this.#run('INSERT OR REPLACE INTO energy VALUES (?, ?)', identity, String(balance));
      return balance;
    });
  }

  /** Makes the caller the owner of a name that nobody owns. @returns whether the caller owns it */
  #takeName(name: string, caller: string): boolean {
    this.#run('INSERT OR IGNORE INTO name_owner VALUES (?, ?)', name, caller);
    return this.nameOwner(name) === caller;
  }

  #get<Row>(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...parameters) as Row | undefined;
  }

  #all<Row>(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...parameters) as Row[];
  }

  #run(sql: string, ...parameters: SQLInputValue[]): StatementResultingChanges {
    return this.#prepare(sql).run(...parameters);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}

/** Of a folder where it needs a file SQLite says that it cannot open one, and not which. */
function refuseFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  const message = `${path} is a folder, where a file is expected: move away what is there.`;
  throw new ServerError('SERVER_DATA_DIR_UNUSABLE', message);
}

/** @param path of what holds the room of the log of changes */
function giveRoom(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (cause) {
    throw new ServerError(
      'SERVER_DATA_DIR_UNUSABLE',
      `${path} cannot be removed: ${(cause as Error).message}. A start removes the file of that name, which holds nothing ` +
        'but room on the disk: move away what is there.',
      { cause },
    );
  }
}

function unusable(path: string, reason: string): ServerError {
  const hint = '"spacetime verify" says what can be saved, and its --salvage writes a new data directory with it';
  return new ServerError('SERVER_DATA_DIR_UNUSABLE', `${path} ${reason}. Put it back from a copy, or: ${hint}.`);
}

/** `user_version` of a file, 0 of a new one. */
export function readSchemaVersion(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version'];
}

function toRecord(row: DatabaseRow): DatabaseRecord;
function toRecord(row: DatabaseRow | undefined): DatabaseRecord | undefined;
function toRecord(row: DatabaseRow | undefined): DatabaseRecord | undefined {
  if (row === undefined) return undefined;
  return {
    identity: row.identity,
    owner: row.owner,
    initialProgram: row.initial_program,
    replica: row.replica,
    isLocked: row.is_locked === 1,
  };
}
