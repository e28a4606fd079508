import { readFileSync } from 'node:fs';
import {
  type AlgebraicType,
  ByteReader,
  ByteWriter,
  ConnectionId,
  type JsonValue,
  type NamedType,
  compileRow,
  formatJson,
  hexToBytes,
  isJsonArray,
  parseJson,
  readJson,
  readType,
  specialType,
  typeEquals,
  typeToJson,
  types,
  writeJson,
} from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rawTable, sequence } from '../../schema/test/raw-modules.ts';
import type { Session } from '../src/embedded/session.ts';
import { decodeSqlRows } from '../src/sql.ts';
import { type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';
import { anyModule } from './support/any-module.ts';

/**
 * The recorded statements of the query package (its README says where they come from), over whole databases: with
 * permissions, row-level security, auto-increment and the store's constraints.
 */
interface Recording {
  readonly schema: Readonly<Record<'A' | 'B', RecordedSchema>>;
  readonly entries: readonly Entry[];
}
interface RecordedSchema {
  readonly tables: readonly RecordedTable[];
  readonly row_level_security?: readonly string[];
}
interface RecordedTable {
  readonly name: string;
  readonly access: 'public' | 'private';
  readonly accessor?: string;
  readonly columns: readonly { readonly name: string; readonly type_bsatn_hex: string }[];
  readonly indexes?: readonly { readonly name: string; readonly columns: readonly number[] }[];
  readonly unique?: readonly (readonly number[])[];
  readonly primary_key?: readonly number[];
  readonly auto_inc?: readonly number[];
}
interface Entry {
  readonly db: 'A' | 'B';
  readonly caller?: 'other';
  readonly statement?: string;
  readonly call?: string;
  readonly args?: readonly unknown[];
  readonly error?: string;
  readonly columns?: readonly (readonly [name: string, type: string])[];
  readonly rows?: string;
  readonly stats?: readonly [inserted: number, deleted: number, updated: number];
}

const recording = JSON.parse(
  readFileSync(new URL('../../query/vectors/sql.json', import.meta.url), 'utf8'),
) as Recording;

/** Why an entry is not run here, or undefined. None of them changes anything. */
function reasonToDiffer({ statement = '', caller, rows }: Entry): string | undefined {
  if (statement.startsWith('EXPLAIN')) return 'EXPLAIN is an extension';
  if (statement === 'SET row_limit = 6') return 'SET replaces the value, which the reference refuses';
  if (statement.includes('my_player')) return 'the module of this test has no views';
  if (caller && /\bst_(?!var)/.test(statement)) return 'system tables are the owner’s';
  if (/\bst_(?!var)/.test(statement) && rows !== undefined) return 'ids and the number of objects differ';
  if (statement.endsWith('repeating_test_arg')) return 'the row comes from the module’s init';
  return undefined;
}

function typeOf({ type_bsatn_hex: hex }: RecordedTable['columns'][number]): ReturnType<typeof readType> {
  return readType(new ByteReader(hexToBytes(hex) ?? new Uint8Array()));
}

/** Enums and structs of a module's own have to be named types: puts them into `typespace`, and a reference in their place. */
function withRefs(type: AlgebraicType, typespace: AlgebraicType[]): AlgebraicType {
  const members = (list: readonly NamedType[]): NamedType[] =>
    list.map((member) => ({ name: member.name, type: withRefs(member.type, typespace) }));
  let rewritten = type;
  if (type.tag === 'Array') rewritten = { ...type, element: withRefs(type.element, typespace) };
  else if (type.tag === 'Product') rewritten = { ...type, elements: members(type.elements) };
  else if (type.tag === 'Sum') rewritten = { ...type, variants: members(type.variants) };
  if ((type.tag !== 'Sum' && type.tag !== 'Product') || specialType(type) !== undefined) return rewritten;
  if (typeEquals(type, types.unit)) return type;
  const known = typespace.findIndex((other) => typeEquals(other, rewritten));
  return types.ref(known >= 0 ? known : typespace.push(rewritten) - 1);
}

function program({ tables, row_level_security: rowLevelSecurity = [] }: RecordedSchema): Uint8Array {
  const typespace: AlgebraicType[] = tables.map(() => types.unit);
  tables.forEach(({ columns }, ref) => {
    typespace[ref] = types.product(columns.map((column) => [column.name, withRefs(typeOf(column), typespace)]));
  });
  return anyModule({
    typespace,
    types: typespace.map((_, ref) => ({ scope: [], name: `Type_${ref}`, ref, customOrdering: true })),
    tables: tables.map((table, productTypeRef) =>
      rawTable({
        name: table.accessor ?? table.name,
        productTypeRef,
        tableAccess: table.access === 'public' ? 'Public' : 'Private',
        primaryKey: table.primary_key ?? [],
        indexes: (table.indexes ?? []).map(({ name, columns }) => ({
          name,
          accessorName: undefined,
          algorithm: { tag: 'BTree', columns },
        })),
        constraints: (table.unique ?? []).map((columns) => ({ name: undefined, columns })),
        sequences: (table.auto_inc ?? []).map((column) => sequence({ column })),
      }),
    ),
    explicitNames: tables.flatMap(({ name, accessor }) =>
      accessor === undefined ? [] : [{ kind: 'Table', sourceName: accessor, canonicalName: name }],
    ),
    rowLevelSecurity,
  });
}

const databases = {} as Record<'A' | 'B', TestDatabase>;
const sessions = {} as Record<'A' | 'B', Session>;
beforeAll(async () => {
  for (const name of ['A', 'B'] as const) {
    databases[name] = await openTestDatabase(program(recording.schema[name]));
    sessions[name] = await databases[name].database.connect(testIdentity('owner'));
  }
});
afterAll(async () => {
  for (const database of Object.values(databases)) await database[Symbol.asyncDispose]();
});

/** What is compared of an answer. Rows come in no promised order; of those that LIMIT chose only the number counts. */
interface Answer {
  readonly error?: string | undefined;
  readonly columns?: unknown;
  readonly rows?: readonly string[] | number;
  readonly stats?: readonly number[] | undefined;
}

function comparableRows(statement: string, rows: readonly JsonValue[]): readonly string[] | number {
  return statement.includes('LIMIT') ? rows.length : rows.map(formatJson).toSorted();
}

function comparableError(error: string): string {
  return error.replace(/\b[0-9a-f]{64}\b/, '<caller identity>');
}

function recordedAnswer({ statement = '', error, columns, rows, stats }: Entry): Answer {
  if (error !== undefined) return { error: comparableError(error) };
  if (!columns || columns.length === 0) return stats ? { stats } : {};
  const parsed = parseJson(rows ?? '');
  return { columns, rows: comparableRows(statement, isJsonArray(parsed) ? parsed : []) };
}

function ownAnswer({ db, caller, statement = '' }: Entry): Answer {
  const as = {
    identity: testIdentity(caller ?? 'owner'),
    connectionId: ConnectionId.fromBigInt(77n),
    jwtPayload: '{}',
  };
  const result = databases[db].database.database.sql(as, statement);
  if (result.kind !== 'ok') return { error: comparableError(result.message) };
  const { columns, stats } = result.outcome;
  if (columns.elements.length === 0) return { stats: [stats.rowsInserted, stats.rowsDeleted, stats.rowsUpdated] };
  return {
    columns: columns.elements.map(({ name, type }) => [name, formatJson(typeToJson(type))]),
    rows: comparableRows(
      statement,
      decodeSqlRows(result.outcome).map((row) => parseJson(writeJson(columns, [], row, 'untyped'))),
    ),
  };
}

/** A reducer `insert_<table>` of the recorded module inserts its arguments as one row. */
async function callInsert({ call = '', args = [] }: Entry): Promise<Answer> {
  const name = call.replace(/^insert_/, '');
  for (const db of ['A', 'B'] as const) {
    const table = recording.schema[db].tables.find((candidate) => [candidate.name, candidate.accessor].includes(name));
    if (!table) continue;
    const row = compileRow(types.product(table.columns.map((column) => [column.name, typeOf(column)])), []);
    const writer = new ByteWriter();
    row.encode(writer, readJson(row.type, [], parseJson(JSON.stringify(args))));
    await sessions[db].call('insert_row', name, writer.finish());
  }
  return {};
}

const entries = recording.entries.map((entry, index) => ({ entry, index, title: entry.statement ?? entry.call }));

test.each(entries.filter(({ entry }) => reasonToDiffer(entry) === undefined))('$index: $title', async ({ entry }) => {
  const own = entry.statement === undefined ? await callInsert(entry) : ownAnswer(entry);
  expect(own).toEqual(recordedAnswer(entry));
});

test('few entries are left out', () => {
  expect(entries.filter(({ entry }) => reasonToDiffer(entry) !== undefined)).toHaveLength(23);
});
