import { fc, test as property } from '@fast-check/vitest';
import type { CommitVisitor } from '@lightcone/commitlog';
import { CommitLog } from '@lightcone/commitlog';
import { ByteReader, ByteWriter, types } from '@lightcone/sats';
import { afterAll, describe, expect, test } from 'vitest';
import { btree } from '../../schema/test/raw-modules.ts';
import { columnRow, indexRow, tableRow } from '../src/schema-rows.ts';
import { systemRowType } from '../src/system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from '../src/system-tables.ts';
import { testIdentity } from '../src/testing/index.ts';
import { type RecordedHistory, checkDatabase } from '../src/verification/index.ts';
import { anyModule, rowBytes } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { AUTO_KEYED, PERSON, people } from './support/tables.ts';

type Rows = readonly (readonly [tableId: number, rows: readonly Uint8Array[]])[];

/** A record, as bytes. */
function record({
  inserts = [],
  deletes = [],
  truncates = [],
}: {
  inserts?: Rows;
  deletes?: Rows;
  truncates?: number[];
}) {
  const writer = new ByteWriter();
  writer.u8(0x20);
  for (const groups of [inserts, deletes]) {
    writer.u8(groups.length);
    for (const [tableId, rows] of groups) {
      writer.u32(tableId);
      writer.u8(rows.length);
      for (const row of rows) writer.raw(row);
    }
  }
  writer.u8(truncates.length);
  for (const tableId of truncates) writer.u32(tableId);
  return writer.finish();
}

function systemRow(tableId: number, row: Parameters<ReturnType<typeof systemRowType>['encode']>[1]): Uint8Array {
  const writer = new ByteWriter();
  systemRowType(tableId).encode(writer, row);
  return writer.finish();
}

/** Commits of one or more records. */
type Commits = readonly (readonly Uint8Array[])[];

function history(commits: Commits): RecordedHistory {
  return {
    endTxOffset: commits.reduce((sum, records) => sum + records.length, 0),
    replay(endTxOffset, visit) {
      let next = 0;
      for (const records of commits) {
        if (next >= endTxOffset) break;
        const bytes = Buffer.concat(records);
        visit(next, records.length, bytes, 0, bytes.length);
        next += records.length;
      }
      return Promise.resolve();
    },
  };
}

const person = (id: bigint, name: string): Uint8Array => rowBytes(PERSON, { id, name });
const PERSON_ID = 4096;

const database = await LoggedDatabase.create(
  anyModule(people({ name: 'person', ...AUTO_KEYED, indexes: [btree(0), btree(1)] })),
);
afterAll(() => database[Symbol.asyncDispose]());
await database.insert('person', PERSON, { id: 0n, name: 'Ann' }, { id: 0n, name: 'Bob' });
await database.embedded.close();
const good: Uint8Array[][] = [];
{
  await using log = await CommitLog.open(database.disk, 'log');
  const visit: CommitVisitor = (_, count, bytes, start, end) => {
    if (count !== 1) throw new Error('expected commits of one record');
    good.push([bytes.slice(start, end)]);
  };
  await log.replay(visit);
}
const end = good.length;

test('a good history has no findings, and tells what is in the database', async () => {
  const check = await checkDatabase(history(good));
  expect(check.findings).toEqual([]);
  expect(check.good).toMatchObject({ endTxOffset: end, recordBytes: good.at(-1)![0]!.length });
  expect(check.tables).toEqual([{ name: 'person', rows: 2 }]);
  expect(check.program).toMatchObject({
    databaseIdentity: testIdentity('database').toHex(),
    owner: testIdentity('owner').toHex(),
    kind: 0,
  });
});

test('a history without transactions has no program, and nothing to start from', async () => {
  const check = await checkDatabase(history([]));
  expect(check.findings.map(({ code }) => code)).toEqual(['PROGRAM_MISSING']);
  expect(check.good).toBeUndefined();
});

interface Case {
  readonly what: string;
  readonly records: readonly Uint8Array[];
  /** `severity code table tx-offset` of each finding. */
  readonly findings: readonly string[];
  /** How many of the records are good. */
  readonly good: number;
}

const insertPerson = (id: bigint, name: string): Uint8Array => record({ inserts: [[PERSON_ID, [person(id, name)]]] });

const cases: readonly Case[] = [
  {
    what: 'a row that is there already',
    records: [insertPerson(1n, 'Ann')],
    findings: [`damage REPLAY_DUPLICATE_ROW person ${end}`],
    good: 0,
  },
  {
    what: 'a delete that misses',
    records: [insertPerson(7n, 'Eve'), record({ deletes: [[PERSON_ID, [person(9n, 'Nobody')]]] })],
    findings: [`damage REPLAY_MISSING_ROW person ${end + 1}`],
    good: 1,
  },
  {
    what: 'a record whose second row misses is not applied in part',
    records: [
      record({ inserts: [[PERSON_ID, [person(7n, 'Eve')]]], deletes: [[PERSON_ID, [person(9n, 'Nobody')]]] }),
      insertPerson(7n, 'Eve'),
    ],
    findings: [`damage REPLAY_MISSING_ROW person ${end}`],
    good: 0,
  },
  {
    what: 'a table that nobody described',
    records: [record({ inserts: [[9999, [person(1n, 'x')]]] })],
    findings: [`damage REPLAY_UNKNOWN_TABLE undefined ${end}`],
    good: 0,
  },
  {
    what: 'a truncate of a table that nobody described',
    records: [record({ truncates: [9999] })],
    findings: [`damage REPLAY_UNKNOWN_TABLE undefined ${end}`],
    good: 0,
  },
  {
    what: 'a row that is cut off',
    records: [insertPerson(7n, 'Eve').slice(0, 15)],
    findings: [`damage REPLAY_UNREADABLE_RECORD person ${end}`],
    good: 0,
  },
  {
    what: 'an empty record',
    records: [new Uint8Array(0)],
    findings: [`damage REPLAY_UNREADABLE_RECORD undefined ${end}`],
    good: 0,
  },
  {
    what: 'two rows with one primary key, and what came before them is good',
    records: [insertPerson(7n, 'Eve'), insertPerson(8n, 'Fay'), insertPerson(1n, 'Another'), insertPerson(9n, 'Gus')],
    findings: ['damage STATE_DUPLICATE_KEY person undefined'],
    good: 2,
  },
  {
    what: 'a value that its sequence has yet to hand out',
    records: [insertPerson(5000n, 'Eve')],
    findings: ['warning STATE_SEQUENCE_BEHIND person undefined'],
    good: 1,
  },
  {
    what: 'a column of a table that is not there',
    records: [record({ inserts: [[ID.column, [systemRow(ID.column, columnRow(7000, 0, 'x', types.u8))]]] })],
    findings: ['warning STATE_DANGLING_REFERENCE st_column undefined'],
    good: 1,
  },
  {
    what: 'an index over a column that is not there',
    records: [
      record({
        inserts: [[ID.index, [systemRow(ID.index, indexRow(7000, PERSON_ID, 'bad', { kind: 'btree', columns: [5] }))]]],
      }),
    ],
    findings: ['damage STATE_INVALID_DESCRIPTION person undefined'],
    good: 0,
  },
  {
    what: 'a table without columns',
    records: [
      record({ inserts: [[ID.table, [systemRow(ID.table, tableRow(7000, 'bare', 'user', true, undefined))]]] }),
    ],
    findings: ['damage STATE_INVALID_DESCRIPTION bare undefined'],
    good: 1,
  },
  {
    what: 'no program any more',
    records: [record({ truncates: [ID.module] })],
    findings: ['damage PROGRAM_MISSING st_module undefined'],
    good: 0,
  },
];

describe('each kind of damage gets its finding, and what is before it is good', () => {
  test.each(cases)('$what', async ({ records, findings, good: goodRecords }) => {
    const check = await checkDatabase(history([...good, ...records.map((one) => [one])]));
    const found = check.findings.map(
      ({ severity, code, table, txOffset }) => `${severity} ${code} ${table} ${txOffset}`,
    );
    expect(found).toEqual(findings);
    const expected = findings[0]?.includes('PROGRAM_MISSING') === true ? undefined : end + goodRecords;
    expect(check.good?.endTxOffset).toBe(expected);
  });
});

test('a cut in the middle of a commit says where in it', async () => {
  const records = [insertPerson(7n, 'Eve'), insertPerson(8n, 'Fay'), insertPerson(1n, 'Ann')];
  const check = await checkDatabase(history([...good, records]));
  expect(check.good).toMatchObject({ endTxOffset: end + 2, recordBytes: records[0]!.length + records[1]!.length });
});

test('a program that a server would not start is told, with its reason', async () => {
  const [row] = rowsOf(good[0]!, ID.module);
  const refused = { ...row!, program_bytes: Uint8Array.of(1, 2, 3) };
  const replaced = record({
    inserts: [[ID.module, [systemRow(ID.module, refused)]]],
    deletes: [[ID.module, [systemRow(ID.module, row!)]]],
  });
  const check = await checkDatabase(history([...good, [replaced]]));
  expect(check.findings.map(({ code }) => code)).toEqual(['PROGRAM_WRONG_HASH', 'PROGRAM_REFUSED']);
  const javaScript = record({
    inserts: [[ID.module, [systemRow(ID.module, { ...row!, program_kind: 1 })]]],
    deletes: [[ID.module, [systemRow(ID.module, row!)]]],
  });
  const other = await checkDatabase(history([...good, [javaScript]]));
  expect(other.findings.map(({ code }) => code)).toEqual(['PROGRAM_UNSUPPORTED']);
});

test('what SpacetimeDB logs of system tables that it adds to an older database is taken as there', async () => {
  const added = record({
    inserts: [
      [ID.table, [systemRow(ID.table, tableRow(ID.columnAccessor, 'st_column_accessor', 'system', true, undefined))]],
      [ID.column, [systemRow(ID.column, columnRow(ID.columnAccessor, 0, 'table_name', types.string))]],
    ],
  });
  expect((await checkDatabase(history([[added], ...good]))).findings).toEqual([]);
});

test('what older versions of SpacetimeDB left double or behind is mended, here as at a start', async () => {
  const [row] = rowsOf(good.flat(), ID.sequence).filter(({ table_id: tableId }) => tableId === PERSON_ID);
  const anomalies = record({
    inserts: [
      [ID.sequence, [systemRow(ID.sequence, { ...row!, allocated: 1_000_000n as never })]],
      [ID.eventTable, [systemRow(ID.eventTable, { table_id: 7777 })]],
    ],
  });
  const check = await checkDatabase(history([...good, [anomalies]]));
  expect(check.findings).toEqual([]);
});

property.prop([fc.nat(), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 5 })], {
  numRuns: 60,
})(
  'whatever the bytes of a record are: findings, never a crash, and what is called good is good',
  async (at, changes) => {
    const commits = good.map(([one]) => [Uint8Array.from(one!)]);
    const target = commits[at % commits.length]![0]!;
    // Not in the program, whose bytes are the larger part.
    for (const [position, value] of changes) target[position % Math.min(target.length, 900)] = value;
    const check = await checkDatabase(history(commits));
    if (check.good === undefined) return;
    const again = await checkDatabase(history(commits.slice(0, check.good.endTxOffset)));
    expect(again.good?.endTxOffset).toBe(check.good.endTxOffset);
  },
);

/** The rows of a system table that records insert: groups ascend by table id, and those before are decoded, too. */
function rowsOf(records: readonly Uint8Array[], wanted: number): Record<string, never>[] {
  const rows: Record<string, never>[] = [];
  for (const bytes of records) {
    const reader = new ByteReader(bytes, 1, bytes.length);
    if (bytes[0] === 0xa0) reader.lengthPrefixed(); // who called what
    for (let groups = reader.u8(); groups > 0; groups--) {
      const tableId = reader.u32();
      if (tableId > wanted) break;
      for (let count = reader.u8(); count > 0; count--) {
        const row = systemRowType(tableId).decode(reader) as Record<string, never>;
        if (tableId === wanted) rows.push(row);
      }
    }
  }
  return rows;
}
