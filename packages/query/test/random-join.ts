import { fc } from '@fast-check/vitest';
import { types } from '@lightcone/sats';
import type { TableShape } from './memory-database.ts';

/** A row of the tables below: three small numbers, and a text that makes rows differ in length. */
export type SmallRow = readonly [id: number, link: number, tag: string];

/** The caller; as the identity column of nobody. */
export const sender: Uint8Array = new Uint8Array(32).fill(9);

const columns = [
  { name: 'id', type: types.u8 },
  { name: 'link', type: types.u8 },
  { name: 'tag', type: types.string },
];

/** Three tables of one shape. All columns but `tag` have an index; one index is over two columns. */
export const tables: readonly TableShape[] = ['a', 'b', 'c'].map((name) => ({
  name,
  columns,
  indexes: [[0], [1], [2, 0]],
}));

export const COLUMN_NAMES = ['id', 'link', 'tag'] as const;

export function encodeSmallRow([id, link, tag]: SmallRow): Uint8Array {
  return Uint8Array.of(id, link, tag.length, 0, 0, 0, ...Buffer.from(tag));
}

export function decodeSmallRow(bytes: Uint8Array): SmallRow {
  return [bytes[0]!, bytes[1]!, Buffer.from(bytes.subarray(6)).toString()]; // as encoded
}

/** Few values, so that rows meet. */
export const smallRow: fc.Arbitrary<SmallRow> = fc.tuple(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('', 'x', 'yy'),
);

/** A condition over the rows of FROM, as SQL and as what it says of decoded rows. */
export interface JoinCondition {
  readonly sql: string;
  readonly holds: (rows: readonly SmallRow[]) => boolean;
}

export interface JoinQuery {
  /** Names of the tables; their aliases are t0, t1 … */
  readonly from: readonly string[];
  /** For each table but the first, what ON says; undefined for a cross join. */
  readonly on: readonly (JoinCondition | undefined)[];
  readonly where: readonly JoinCondition[];
}

/** The query as SQL, up to its projection. */
export function sqlOf({ from, on, where }: JoinQuery): string {
  const joins = from.map((table, i) => {
    if (i === 0) return `${table} t0`;
    const condition = on[i - 1];
    return condition ? `JOIN ${table} t${i} ON ${condition.sql}` : `CROSS JOIN ${table} t${i}`;
  });
  const conditions = where.map(({ sql }) => sql).join(' AND ');
  return `FROM ${joins.join(' ')}${conditions && ` WHERE ${conditions}`}`;
}

/** The tuples that a query selects, found by trying all of them. */
export function naiveTuples(query: JoinQuery, rowsOf: (table: string) => readonly SmallRow[]): SmallRow[][] {
  const conditions = [...query.on.flatMap((condition) => condition ?? []), ...query.where];
  return query.from
    .reduce<SmallRow[][]>((tuples, table) => tuples.flatMap((t) => rowsOf(table).map((row) => [...t, row])), [[]])
    .filter((tuple) => conditions.every(({ holds }) => holds(tuple)));
}

const numbers = fc.constantFrom(0, 1);

function equal(left: number, leftColumn: number, right: number, rightColumn: number): JoinCondition {
  return {
    sql: `t${left}.${COLUMN_NAMES[leftColumn]!} = t${right}.${COLUMN_NAMES[rightColumn]!}`,
    holds: (rows) => rows[left]![leftColumn] === rows[right]![rightColumn],
  };
}

/** `t<n>.id` or `link` compared with a number, or `tag` with a text. */
function local(table: number): fc.Arbitrary<JoinCondition> {
  return fc.oneof(
    fc.tuple(numbers, fc.integer({ min: 0, max: 3 })).map(([column, value]): JoinCondition => ({
      sql: `t${table}.${COLUMN_NAMES[column]!} = ${value}`,
      holds: (rows) => rows[table]![column] === value,
    })),
    fc.constantFrom('', 'x').map((value): JoinCondition => ({
      sql: `t${table}.tag <> '${value}'`,
      holds: (rows) => rows[table]![2] !== value,
    })),
    fc.integer({ min: 1, max: 3 }).map((value): JoinCondition => ({
      sql: `(t${table}.id < ${value} OR t${table}.tag = 'x')`,
      holds: (rows) => rows[table]![0] < value || rows[table]![2] === 'x',
    })),
  );
}

/** `t<i>` to a table before it. */
function link(table: number): fc.Arbitrary<JoinCondition> {
  return fc
    .tuple(fc.nat(table - 1), numbers, numbers)
    .map(([other, column, otherColumn]) => equal(table, column, other, otherColumn));
}

export function joinQuery(options: {
  readonly maxTables: number;
  readonly crossJoins: boolean;
}): fc.Arbitrary<JoinQuery> {
  return fc.integer({ min: 2, max: options.maxTables }).chain((count) => {
    const positions = Array.from({ length: count }, (_, i) => i);
    const extra = fc.oneof(
      ...positions.map(local),
      ...positions.slice(1).map((position) =>
        link(position).map(({ sql, holds }): JoinCondition => ({
          sql: sql.replace('=', '<='),
          holds: (rows) => {
            const [left, right] = sql.split(' = ').map((side) => {
              const [table, column] = side.split('.');
              return rows[Number(table!.slice(1))]![COLUMN_NAMES.indexOf(column as (typeof COLUMN_NAMES)[number])];
            });
            return holds(rows) || left! < right!;
          },
        })),
      ),
    );
    return fc.record({
      from: fc.tuple(...positions.map(() => fc.constantFrom('a', 'b', 'c'))),
      on: fc.tuple(
        ...positions.slice(1).map((position) => {
          const on: fc.Arbitrary<JoinCondition | undefined> = link(position);
          return options.crossJoins ? fc.option(on, { nil: undefined, freq: 4 }) : on;
        }),
      ),
      where: fc.array(extra, { maxLength: 3 }),
    });
  });
}
