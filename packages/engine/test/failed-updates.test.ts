import { types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { module } from '../../host/test/support/module-text.ts';
import { KEYED, btree, rawReducer, sequence, unique } from '../../schema/test/raw-modules.ts';
import { type AnyModuleParts, anyModule } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { AUTO_KEYED, type Columns, PERSON, index, tables, u8 } from './support/tables.ts';

const TIMER: Columns = [['id', types.u64], ['at', types.scheduleAt]]; // prettier-ignore
const COLOUR: Columns = [['id', types.u64], ['colour', types.sum([['red', types.u8], ['blue', types.u8]])]]; // prettier-ignore

interface Tables {
  readonly added?: Parameters<typeof tables>[0];
  readonly person: Parameters<typeof tables>[0];
  readonly timer: Parameters<typeof tables>[0];
  readonly news: Parameters<typeof tables>[0];
  readonly colour: Parameters<typeof tables>[0];
}

/** A module with a table of each kind; `changes` replace tables, undefined removes one. */
function base(changes: { readonly [Name in keyof Tables]?: Tables[Name] | undefined } = {}): AnyModuleParts {
  const list = Object.values<Tables['person'] | undefined>({
    person: [{ name: 'person', ...AUTO_KEYED, indexes: [btree(0), btree(1)] }, PERSON],
    timer: [{ name: 'timer', ...AUTO_KEYED, indexes: [{ ...btree(0), name: 't' }] }, TIMER],
    news: [{ name: 'news', isEvent: true }, PERSON],
    colour: [{ name: 'colour' }, COLOUR],
    ...changes,
  }).filter((table) => table !== undefined);
  const parts = tables(...(list as Tables['person'][]));
  const row = list.findIndex(([{ name }]) => name === 'timer');
  return {
    ...parts,
    reducers: row < 0 ? [] : [rawReducer('tick', [['row', types.ref(row)]])],
    schedules: row < 0 ? [] : [{ name: undefined, tableName: 'timer', atColumn: 1, functionName: 'tick' }],
  };
}

const person = (parts: object, columns: Columns = PERSON): AnyModuleParts =>
  base({ person: [{ name: 'person', ...AUTO_KEYED, indexes: [btree(0), btree(1)], ...parts }, columns] });

const rows = [{ id: 0n, name: 'Ann' }, { id: 0n, name: 'Bob' }, { id: 0n, name: 'Bob' }]; // prettier-ignore

interface Failure {
  readonly what: string;
  readonly program: Uint8Array;
  readonly error: object;
  readonly mayBreakClients?: boolean;
}

const REJECTED = 'Database update rejected: Errors occurred:\n';
const FAILED = 'Failed to create or update the database: ';
const rejected = (...lines: string[]): object => ({
  code: 'ENGINE_UPDATE_REJECTED',
  message: REJECTED + lines.join('\n'),
});
const failed = (message: string): object => ({ code: 'ENGINE_UPDATE_REJECTED', message: FAILED + message });

const NO_PROGRAMS: readonly Failure[] = [
  { what: 'no WebAssembly', program: new TextEncoder().encode('hello'), error: { code: 'HOST_NOT_WASM' } },
  {
    what: 'half a program',
    program: anyModule(base()).slice(0, 600),
    error: { code: expect.stringMatching(/^HOST_/) },
  },
  { what: 'an import that is unknown', program: module({ first: '(import "spacetime_10.0" "unknown" (func))' }), error: { code: expect.stringMatching(/^HOST_/) } }, // prettier-ignore
  { what: 'an ABI of the future', program: module({ first: '(import "spacetime_99.0" "f" (func))' }), error: { code: 'HOST_ABI_VERSION' } }, // prettier-ignore
  { what: 'a definition that does not decode', program: module({}), error: { code: 'SCHEMA_UNDECODABLE' } },
  { what: 'a definition that breaks rules', program: anyModule(person({ primaryKey: [7] })), error: { code: 'SCHEMA_INVALID' } }, // prettier-ignore
  { what: 'a trap in the definition', program: module({ describe: 'unreachable' }), error: { code: expect.stringMatching(/^HOST_/) } }, // prettier-ignore
  { what: 'a definition without end', program: module({ describe: '(loop $l (br $l))' }), error: { code: expect.stringMatching(/^HOST_/) } }, // prettier-ignore
  {
    what: 'a trap before the definition',
    program: module({ definitions: '(func (export "__preinit__10_x") unreachable)' }),
    error: { code: expect.stringMatching(/^HOST_/) },
  },
  {
    what: 'a definition that asks for calls and reads tables',
    program: module({
      imports: ['volatile_nonatomic_schedule_immediate', 'table_id_from_name', 'datastore_clear', 'console_log'],
      definitions: '(data (i32.const 64) "clear_tableperson")',
      describe: `
        (call $volatile_nonatomic_schedule_immediate (i32.const 64) (i32.const 11) (i32.const 64) (i32.const 4))
        (drop (call $table_id_from_name (i32.const 75) (i32.const 6) (i32.const 128)))
        (drop (call $datastore_clear (i32.load (i32.const 128)) (i32.const 132)))
        (call $write (local.get $sink) (i32.const 16) (i32.const 10))`,
    }),
    error: { code: 'SCHEMA_UNDECODABLE' },
  },
];

const IMPOSSIBLE: readonly Failure[] = [
  {
    what: 'a column removed',
    program: anyModule(person({}, [['id', types.u64]])),
    error: { code: 'SCHEMA_INVALID' },
  },
  {
    what: 'a column renamed',
    program: anyModule(person({ indexes: [btree(0)] }, [['id', types.u64], ['title', types.string]])), // prettier-ignore
    error: rejected(
      'Adding a column title to table person requires a default value annotation. Give it one, or publish with --delete-data.',
      'Removing a column name from table person requires a manual migration. Keep it, or publish with --delete-data.',
    ),
  },
  {
    what: 'a column added without a default',
    program: anyModule(person({}, [...PERSON, ['age', types.u8]])),
    error: rejected(
      'Adding a column age to table person requires a default value annotation. Give it one, or publish with --delete-data.',
    ),
  },
  {
    what: 'a column added in the middle',
    program: anyModule(person({ indexes: [btree(0)], defaultValues: [{ column: 1, value: u8(1) }] }, [['id', types.u64], ['age', types.u8], ['name', types.string]])), // prettier-ignore
    error: rejected(
      'Reordering table person requires a manual migration. Keep its columns in the order id, name with new ones at the end, or publish with --delete-data.',
    ),
  },
  {
    what: 'a type changed',
    program: anyModule(person({ indexes: [btree(0)] }, [['id', types.u64], ['name', types.u8]])), // prettier-ignore
    error: rejected(
      'Changing the type of column name in table person from String to U8 requires a manual migration. Add a new column instead, or publish with --delete-data.',
    ),
  },
  {
    what: 'an enum with fewer variants',
    program: anyModule(base({ colour: [{ name: 'colour' }, [['id', types.u64], ['colour', types.sum([['red', types.u8]])]]] })), // prettier-ignore
    error: rejected(
      'Changing the type of column colour in table colour from (red: U8 | blue: U8) to (red: U8), with fewer variants, requires a manual migration. Add a new column instead, or publish with --delete-data.',
    ),
  },
  {
    what: 'the event flag taken away',
    program: anyModule(base({ news: [{ name: 'news' }, PERSON] })),
    error: rejected(
      'Changing the event flag of table news from true to false requires a manual migration. Make a new table instead, or publish with --delete-data.',
    ),
  },
  {
    what: 'a schedule removed',
    program: anyModule({ ...base(), schedules: [] }),
    error: rejected(
      'Removing the schedule of table timer requires a manual migration. Make a new table instead, or publish with --delete-data.',
    ),
  },
  {
    what: 'everything wrong at once, in three tables',
    program: anyModule({
      ...base({ person: [{ name: 'person' }, [['id', types.u64], ['age', types.u8]]], news: [{ name: 'news' }, PERSON] }),
      schedules: [],
    }), // prettier-ignore
    error: rejected(
      'Adding a column age to table person requires a default value annotation. Give it one, or publish with --delete-data.',
      'Changing the event flag of table news from true to false requires a manual migration. Make a new table instead, or publish with --delete-data.',
      'Removing a column name from table person requires a manual migration. Keep it, or publish with --delete-data.',
      'Removing the schedule of table timer requires a manual migration. Make a new table instead, or publish with --delete-data.',
    ),
  },
  {
    what: 'a plan that breaks clients, not allowed',
    program: anyModule(person({ defaultValues: [{ column: 2, value: u8(1) }] }, [...PERSON, ['age', types.u8]])),
    error: failed('Migration plan contains a client-breaking change which is disallowed under current policy'),
    mayBreakClients: false,
  },
];

const IN_THE_WAY: readonly Failure[] = [
  {
    what: 'a table removed that has rows',
    program: anyModule(base({ person: undefined })),
    error: failed(
      "Cannot remove table `person`: table contains data. Clear the table's rows (e.g. via a reducer) before removing it from your schema, or publish with --delete-data.",
    ),
  },
  {
    what: 'a unique constraint with its index',
    program: anyModule(person({ indexes: [btree(0), btree(1), index('new', 'Hash', 1)], constraints: [unique(0), unique(1)] })), // prettier-ignore
    error: failed(
      `DatastoreError: IndexError: Unique constraint violation 'person_name_idx_hash' in table 'person': column(s): '["name"]' value: "Bob" (2 rows have it). Change these rows before you add the constraint, or publish with --delete-data.`,
    ),
  },
  {
    what: 'a unique constraint on an index that is there',
    program: anyModule(person({ constraints: [unique(0), unique(1)] })),
    error: failed(
      `Precheck failed: added unique constraint person_name_key of table person finds duplicates in column(s) ["name"]: "Bob" (2 rows). Change these rows before you add the constraint, or publish with --delete-data.`,
    ),
  },
  {
    what: 'a unique column added, whose default all rows get',
    program: anyModule(person({ indexes: [btree(0), btree(1), btree(2)], constraints: [unique(0), unique(2)], defaultValues: [{ column: 2, value: u8(1) }] }, [...PERSON, ['age', types.u8]])), // prettier-ignore
    error: failed(
      `DatastoreError: IndexError: Unique constraint violation 'person_age_idx_btree' in table 'person': column(s): '["age"]' value: the default value (3 rows have it). Change these rows before you add the constraint, or publish with --delete-data.`,
    ),
  },
  {
    what: 'a sequence over values in its range',
    program: anyModule(base({ person: [{ name: 'person', ...KEYED, indexes: [btree(0), btree(1)], sequences: [sequence({ start: 3n })] }, PERSON] })), // prettier-ignore
    error: failed(
      'Precheck failed: added sequence person_id_seq already has values in range: column id of table person has 1, which the sequence would give out again. Delete or change such rows, let the sequence start and end elsewhere, or publish with --delete-data.',
    ),
  },
  {
    what: 'several things at once',
    program: anyModule(base({ person: [{ name: 'person', constraints: [unique(1)], indexes: [btree(1)] }, PERSON], colour: undefined })), // prettier-ignore
    error: {
      code: 'ENGINE_UPDATE_REJECTED',
      message: expect.stringMatching(
        /^Failed to create or update the database: Errors occurred:\nCannot remove table `colour`.*\nPrecheck failed: .*person_name_key.*$/,
      ),
    },
  },
];

/** Found out when the tables have already been changed. */
const TOO_LATE: readonly Failure[] = [
  {
    what: 'a rule of row-level security that reads what is not there, after columns were added',
    program: anyModule({
      ...person({ defaultValues: [{ column: 2, value: u8(1) }] }, [...PERSON, ['age', types.u8]]),
      rowLevelSecurity: ['SELECT * FROM person WHERE age = 1', 'SELECT * FROM nothing'],
    }),
    error: failed('failed to create row-level security: `SELECT * FROM nothing`: no such table: `nothing`. If the table exists, it may be marked private.'), // prettier-ignore
  },
  {
    what: 'a rule that reads a column which the table does not have, after a table was added',
    program: anyModule({
      ...base({ added: [{ name: 'added' }, PERSON] }),
      rowLevelSecurity: ['SELECT * FROM added WHERE size = 1'],
    }),
    error: { code: 'ENGINE_UPDATE_REJECTED', message: expect.stringMatching(/^Failed to create .*row-level security/) },
  },
];

describe.each([
  { kind: 'a program that is none', failures: NO_PROGRAMS },
  { kind: 'a definition that the tables cannot follow', failures: IMPOSSIBLE },
  { kind: 'rows that are in the way', failures: IN_THE_WAY },
  { kind: 'after the tables were changed', failures: TOO_LATE },
])('an update that fails leaves everything as it was: $kind', ({ failures }) => {
  test.each(failures)('$what', async ({ program, error, mayBreakClients = true }) => {
    await using logged = await LoggedDatabase.create(anyModule({ ...base(), lifecycle: ['client_disconnected'] }));
    await logged.insert('person', PERSON, ...rows);
    await logged.insert('colour', COLOUR, { id: 1n, colour: { tag: 'blue', value: 1 } });
    const at = {
      tag: 'Time',
      value: { __timestamp_micros_since_unix_epoch__: logged.clock.nowMicros() + 60_000_000n },
    };
    await logged.insert('timer', TIMER, { id: 0n, at });
    const session = await logged.connect('watcher');
    const subscription = await session.subscribe('SELECT * FROM person', 'SELECT * FROM timer');

    const { database } = logged;
    const dump = await logged.dump();
    const before = state(logged, await logged.files());
    expect(() => database.update(program, mayBreakClients)).toThrow(expect.objectContaining(error));
    if (mayBreakClients) expect(() => database.update(program, false)).toThrow(expect.anything());
    await Promise.resolve();
    await database.whenDurable(database.lastTxOffset);
    expect(state(logged, await logged.files())).toEqual(before);
    expect(await logged.dump()).toEqual(dump);

    // The module, its clients and its timers go on; a restart finds what there was.
    await session.call('insert_row', 'person', new Uint8Array([...new Uint8Array(8), 1, 0, 0, 0, 0x45]));
    expect([...subscription.rows('person')]).toContainEqual({ id: 4n, name: 'E' });
    await logged.clock.advance(60_000);
    expect([...subscription.rows('timer')]).toEqual([]);
    const after = await logged.dump();
    session.disconnect();
    await logged.restart();
    expect(await logged.dump()).toEqual(after);
  });
});

describe('an update that the log does not take', () => {
  test.each([
    {
      what: 'the disk is full',
      fault: ({ disk }: LoggedDatabase) => (disk.capacityBytes = 0),
      outcomes: ['old'],
      reason: 'DISK_FULL',
    },
    { what: 'a write fails', fault: ({ disk }: LoggedDatabase) => disk.failAfter('write', 0), outcomes: ['old'] },
    // What was written and not synced may be there or not after a restart, but not in part.
    {
      what: 'a sync fails',
      fault: ({ disk }: LoggedDatabase) => disk.failAfter('datasync', 0),
      outcomes: ['old', 'new'],
    },
  ])('is not there after a restart: $what', async ({ fault, outcomes, reason }) => {
    await using logged = await LoggedDatabase.create(anyModule(base()));
    await logged.insert('person', PERSON, ...rows);
    const session = await logged.connect('watcher');
    await session.subscribe('SELECT * FROM person');
    const { programHash } = logged.database;
    const before = await logged.dump();

    fault(logged);
    const next = anyModule(person({ defaultValues: [{ column: 2, value: u8(1) }] }, [...PERSON, ['age', types.u8]]));
    await expect(logged.publish(next)).rejects.toMatchObject({ code: `LOG_${reason ?? 'WRITE_FAILED'}` });
    const code = `ENGINE_${reason ?? 'LOG_FAILED'}`;
    expect(logged.failure).toMatchObject({ code });
    await expect(session.query('SELECT * FROM person')).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    await expect(logged.publish(next)).rejects.toMatchObject({ code });

    await logged.embedded.close().catch(() => undefined);
    logged.disk.losePower();
    logged.disk.capacityBytes = Number.POSITIVE_INFINITY;
    await logged.reopen();
    const isOld = Buffer.from(programHash).equals(logged.database.programHash);
    expect(outcomes).toContain(isOld ? 'old' : 'new');
    if (isOld) expect(await logged.dump()).toEqual(before);
    else expect((await logged.rows('person'))[0]).toHaveProperty('age', 1);
    await logged.insert('person', isOld ? PERSON : [...PERSON, ['age', types.u8]], { id: 0n, name: 'Eve', age: 1 });
  });
});

function state({ database, clock, logs }: LoggedDatabase, files: object): object {
  const metrics = database.metrics();
  return {
    files,
    lastTxOffset: database.lastTxOffset,
    module: database.module,
    programHash: database.programHash,
    wakeUps: clock.wakeUpCount,
    // Memory that a table took may be kept for its next rows.
    metrics: { ...metrics, reducers: undefined, tables: metrics.tables.map(({ name, rows: count }) => [name, count]) },
    logs: logs.length,
  };
}
