import { createHash } from 'node:crypto';
import type { BlobStore } from '@lightcone/blobs';
import { CommitLog, CommitTimes, SnapshotStore } from '@lightcone/commitlog';
import { SimulatedDisk } from '@lightcone/commitlog/testing';
import { type AlgebraicType, ConnectionId } from '@lightcone/sats';
import type { Database } from '../../src/database.ts';
import { Database as EngineDatabase } from '../../src/database.ts';
import { EmbeddedDatabase } from '../../src/embedded/embedded-database.ts';
import type { Row } from '../../src/embedded/row.ts';
import type { Session } from '../../src/embedded/session.ts';
import { DEFAULT_SNAPSHOT_POLICY, type SnapshotPolicy } from '../../src/snapshots/snapshot-policy.ts';
import { FakeClock, testIdentity } from '../../src/testing/index.ts';
import { rowBytes } from './any-module.ts';

type Columns = readonly (readonly [string, AlgebraicType])[];

/** These change with every connection. */
const SESSION_TABLES: ReadonlySet<string> = new Set(['st_client', 'st_connection_credentials']);

/** A database on a simulated disk, to publish over and to restart. Its modules are those of `anyModule`. */
export class LoggedDatabase implements AsyncDisposable {
  readonly disk = new SimulatedDisk(Math.random);
  readonly clock = new FakeClock();
  readonly logs: string[] = [];
  /** Why it failed, if it did. */
  failure: Error | undefined;
  maxUnsyncedBytes: number | undefined;
  /** Where snapshots go, if any are taken; when is for the policy to say. */
  blobs: BlobStore | undefined;
  policy: SnapshotPolicy = { ...DEFAULT_SNAPSHOT_POLICY, maxBytesPerLogByte: Number.POSITIVE_INFINITY };
  archivedBefore: () => number = () => Number.POSITIVE_INFINITY;
  /** Whether it notes when transactions were whose records do not say it, from when it is opened next. */
  notesTimes = false;
  database!: Database;
  embedded!: EmbeddedDatabase;
  #connections = 0n;

  static async create(program: Uint8Array, maxUnsyncedBytes?: number, blobs?: BlobStore): Promise<LoggedDatabase> {
    const logged = new LoggedDatabase();
    logged.maxUnsyncedBytes = maxUnsyncedBytes;
    logged.blobs = blobs;
    await logged.#open((options) => EngineDatabase.create(options, program, testIdentity('owner')));
    return logged;
  }

  /** Closes the database and opens it from its log. */
  async restart(): Promise<void> {
    await this.embedded.close();
    await this.reopen();
  }

  /** Opens the database from what is on the disk. */
  reopen(): Promise<void> {
    return this.#open((options) => EngineDatabase.open(options));
  }

  /** Connects somebody: another client for every name. */
  connect(name: string): Promise<Session> {
    return this.embedded.connect(testIdentity(name));
  }

  /** Publishes a program over the database and waits until it is durable. */
  async publish(program: Uint8Array, options: { mayBreakClients?: boolean } = {}): Promise<void> {
    await this.database.whenDurable(this.database.update(program, options.mayBreakClients ?? true));
  }

  async insert(table: string, columns: Columns, ...rows: readonly object[]): Promise<void> {
    await this.#call('insert_row', table, columns, rows);
  }

  async delete(table: string, columns: Columns, ...rows: readonly object[]): Promise<void> {
    await this.#call('delete_row', table, columns, rows);
  }

  /** The rows of a table, by its SQL name. */
  rows(table: string): Promise<Row[]> {
    return this.embedded.sql(`SELECT * FROM "${table}"`);
  }

  /** The rows of all tables as text, by the name of the table; what sessions leave aside. */
  async dump(): Promise<Record<string, string[]>> {
    const dump: Record<string, string[]> = {};
    for (const { table_name: name } of await this.rows('st_table')) {
      if (SESSION_TABLES.has(name as string)) continue;
      const rows = await this.rows(name as string);
      dump[name as string] = rows.map(text).toSorted();
    }
    return dump;
  }

  /** What is on the disk: a hash of each file. */
  async files(): Promise<Record<string, string>> {
    const names = await this.disk.list(FOLDER);
    return Object.fromEntries(
      names.toSorted().map((name) => {
        const content = this.disk.contentOf(`${FOLDER}/${name}`);
        return [name, createHash('sha256').update(content).digest('hex')];
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.embedded.close();
  }

  async #call(reducer: string, table: string, columns: Columns, rows: readonly object[]): Promise<void> {
    const session = await this.connect('owner');
    try {
      for (const row of rows) await session.call(reducer, table, rowBytes(columns, row));
    } finally {
      session.disconnect();
    }
  }

  async #open(open: (options: Parameters<typeof EngineDatabase.open>[0]) => Promise<Database>): Promise<void> {
    this.failure = undefined;
    let embedded: EmbeddedDatabase | undefined;
    const { clock } = this;
    const log = await CommitLog.open(this.disk, FOLDER);
    this.database = await open({
      identity: testIdentity('database'),
      log,
      ...(this.notesTimes && {
        commitTimes: await CommitTimes.open(this.disk, FOLDER, log.firstTxOffset, log.nextTxOffset),
      }),
      ...(this.blobs && {
        snapshots: {
          store: new SnapshotStore(this.blobs),
          policy: this.policy,
          archivedBefore: () => this.archivedBefore(),
        },
      }),
      clock,
      timers: clock,
      defer: queueMicrotask,
      // Little, so that a loop without end ends soon.
      limits: { maxMemoryPages: 256, energyPerCall: 50_000_000 },
      ...(this.maxUnsyncedBytes !== undefined && { maxUnsyncedBytes: this.maxUnsyncedBytes }),
      moduleLog: (record) => this.logs.push(record.message),
      deliver: (batch) => embedded?.deliver(batch),
      onFailure: (error) => {
        if (error.code === 'ENGINE_STOPPED') throw error;
        this.failure = error;
      },
    });
    this.embedded = embedded = new EmbeddedDatabase(this.database, () => ConnectionId.fromBigInt(++this.#connections));
  }
}

const FOLDER = 'log';

/** A row as text; large programs are told by their length. */
function text(row: Row): string {
  return JSON.stringify(row, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    return value instanceof Uint8Array ? Buffer.from(value).toString('hex').slice(0, 200) : value;
  });
}

/** What the system tables say of the module's tables, with names in the place of ids: comparable between databases. */
export async function schemaOf(database: LoggedDatabase): Promise<Record<string, unknown>> {
  const tables = (await database.rows('st_table')).filter((row) => row['table_type'] === 'user');
  const names = new Map(tables.map((row) => [row['table_id'], row['table_name']]));
  const schema: Record<string, unknown> = {};
  for (const name of Object.keys(await database.dump()).filter((table) => table.startsWith('st_'))) {
    if (name === 'st_module') continue;
    const rows = (await database.rows(name)).flatMap((row) => {
      if ('table_id' in row && !names.has(row['table_id'])) return []; // of a system table
      return [
        text(Object.fromEntries(Object.entries(row).map(([key, value]) => [key, nameOf(names, key, value)])) as Row),
      ];
    });
    if (rows.length > 0) schema[name] = rows.toSorted();
  }
  return schema;
}

function nameOf(names: ReadonlyMap<unknown, unknown>, column: string, value: unknown): unknown {
  if (column === 'table_id') return names.get(value);
  return column === 'allocated' || column.endsWith('_id') ? undefined : value;
}
