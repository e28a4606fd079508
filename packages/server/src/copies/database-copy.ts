import { PrefixedBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { LogArchive, SnapshotStore } from '@lightcone/commitlog';
import { bytesToHex } from '@lightcone/sats';
import { databaseNameProblem } from '../control/database-name.ts';
import { ServerError } from '../errors.ts';

/** What the control database knows of a database, as its copies keep it. */
export interface DatabaseDescription {
  /** 64 hex digits. */
  readonly identity: string;
  readonly owner: string;
  readonly names: readonly string[];
  /** Keccak-256 of the program it was created with. The one it has now is in its log. */
  readonly initialProgram: string;
  readonly isLocked: boolean;
}

export type CopyKind = 'archive' | 'backup';

/** Names one copy in a store. */
export interface CopyName {
  readonly identity: string;
  /** `archive-20261126T211500Z-1a2b3c4d`: kind, when it was begun, and something that no other has. */
  readonly id: string;
}

/** About as much as one piece of a copied log has. */
export const PIECE_BYTES: number = 8 * 1024 * 1024;

/** What a copy takes from the world. */
export interface CopyClock {
  /** Microseconds since 1970. */
  nowMicros(): number;
  randomBytes(count: number): Uint8Array;
}

const FORMAT = 1;
const DESCRIPTION = 'database.json';
/** What is behind is cut off, and so damage. */
const MAX_DESCRIPTION_BYTES = 16 * 1024 * 1024;

/**
 * A copy of a database in a store of blobs: all that is needed to bring the database back.
 *
 *     <identity>/<copy id>/database.json        who owns it, what it is called
 *     <identity>/<copy id>/log/<offset>.piece   its log: `LogArchive`
 *     <identity>/<copy id>/snapshots/…          snapshots: `SnapshotStore`
 *     <identity>/<copy id>/backup.json          of a backup: what it consists of, written last
 *
 * An archive goes on as the database does. A backup ends at one transaction. The log of either has no gap, and begins
 * with the first transaction, or with the one behind a snapshot or earlier.
 */
export class DatabaseCopy {
  readonly name: CopyName;
  readonly blobs: BlobStore;
  readonly log: LogArchive;
  readonly snapshots: SnapshotStore;
  #description: string | undefined;

  constructor(store: BlobStore, name: CopyName) {
    this.name = name;
    this.blobs = new PrefixedBlobStore(store, `${name.identity}/${name.id}`);
    this.log = new LogArchive(new PrefixedBlobStore(this.blobs, 'log'));
    this.snapshots = new SnapshotStore(new PrefixedBlobStore(this.blobs, 'snapshots'));
  }

  /** A new copy; nothing is written. @param random 4 bytes */
  static begin(store: BlobStore, identity: string, kind: CopyKind, now: Date, random: Uint8Array): DatabaseCopy {
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
    return new DatabaseCopy(store, { identity, id: `${kind}-${time}-${bytesToHex(random)}` });
  }

  get kind(): CopyKind {
    return this.name.id.startsWith('backup-') ? 'backup' : 'archive';
  }

  /** When it was begun, in ms since 1970; exact to the second. */
  get begunAt(): number {
    const [, year, month, day, hour, minute, second] =
      /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(this.name.id) ?? [];
    return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  }

  /** Keeps what the database is called and so on, if that is not there. @throws BlobError */
  async describe(description: DatabaseDescription): Promise<void> {
    const text = JSON.stringify({ format: FORMAT, ...description });
    if (text === this.#description) return;
    await this.blobs.put(DESCRIPTION, new TextEncoder().encode(text));
    this.#description = text;
  }

  /** @returns undefined if there is no such copy @throws ServerError `SERVER_COPY_DAMAGED`; BlobError */
  async readDescription(): Promise<DatabaseDescription | undefined> {
    const bytes = await this.blobs.get(DESCRIPTION, { start: 0, end: MAX_DESCRIPTION_BYTES });
    if (bytes === undefined) return undefined;
    const description = parseDescription(bytes);
    if (description?.identity === this.name.identity) return description;
    const key = `${this.name.identity}/${this.name.id}/${DESCRIPTION}`;
    throw new ServerError('SERVER_COPY_DAMAGED', `${key}: this is no description of the database`);
  }
}

/** The copies in a store, by identity and then by the time they were begun. @param identity of one database alone */
export async function* listCopies(store: BlobStore, identity?: string): AsyncGenerator<CopyName> {
  const prefix = identity === undefined ? '' : `${identity}/`;
  for (let after: string | undefined; ;) {
    const name = await firstCopy(store, prefix, after);
    if (name === undefined) return;
    yield name;
    // '0' comes next after '/': behind everything of this copy.
    after = `${name.identity}/${name.id}0`;
  }
}

async function firstCopy(store: BlobStore, prefix: string, after: string | undefined): Promise<CopyName | undefined> {
  for await (const { key } of store.list(prefix, after)) {
    const [, identity, id] = /^([0-9a-f]{64})\/((?:archive|backup)-\d{8}T\d{6}Z-[0-9a-f]{8})\//.exec(key) ?? [];
    if (identity !== undefined && id !== undefined) return { identity, id };
  }
  return undefined;
}

function parseDescription(bytes: Uint8Array): DatabaseDescription | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, identity, owner, names, initialProgram, isLocked } = value as Record<string, unknown>;
  const isWhole =
    format === FORMAT &&
    isHash(identity) &&
    isHash(owner) &&
    isHash(initialProgram) &&
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string' && databaseNameProblem(name) === undefined) &&
    typeof isLocked === 'boolean';
  return isWhole ? { identity, owner, names, initialProgram, isLocked } : undefined;
}

function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
}
