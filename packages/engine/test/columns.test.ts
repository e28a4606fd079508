import { type AlgebraicType, type AlgebraicValue, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { KEYED, sequence, unique } from '../../schema/test/raw-modules.ts';
import { anyModule, rowBytes } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { type Columns, people } from './support/tables.ts';

const UNIQUE_VIOLATION = 'errno 12';
const EXHAUSTED = 'errno 16';

const INTEGERS = [8, 16, 32, 64, 128, 256].flatMap((bits) =>
  (['u', 'i'] as const).map((sign) => ({ name: `${sign}${bits}` as 'u8', bits, isSigned: sign === 'i' })),
);

/** Values of an integer column are numbers up to 32 bits. */
function of(bits: number, value: bigint): number | bigint {
  return bits <= 32 ? Number(value) : value;
}

/** After a restart a sequence goes on at the end of the block it was in: smaller ones for narrow columns. */
const BLOCKS: Readonly<Record<number, bigint>> = { 8: 4n, 16: 65n };

test.each(INTEGERS)('$name counts up, and goes on after a restart', async ({ name, bits }) => {
  const columns: Columns = [['id', types[name]], ['n', types.u8]]; // prettier-ignore
  await using database = await LoggedDatabase.create(anyModule(people({ ...KEYED, sequences: [sequence()] }, columns)));
  const zero = of(bits, 0n);
  for (const n of [1, 2, 3]) await database.insert('person', columns, { id: zero, n });
  await database.restart();
  await database.insert('person', columns, { id: zero, n: 4 });
  const ids = [1n, 2n, 3n, BLOCKS[bits] ?? 4097n];
  expect(await database.rows('person')).toEqual(ids.map((id, i) => ({ id: of(bits, id), n: i + 1 })));
});

test.each(INTEGERS)(
  '[flaw 5] $name ends at its largest value, or at 2^127 - 1, and never overflows',
  async ({ name, bits, isSigned }) => {
    const columns: Columns = [['id', types[name]], ['n', types.u8]]; // prettier-ignore
    const columnMax = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
    const sequenceMax = 2n ** 127n - 1n;
    const last = columnMax < sequenceMax ? columnMax : sequenceMax;
    const parts = people({ ...KEYED, sequences: [sequence({ start: last - 1n })] }, columns);
    await using database = await LoggedDatabase.create(anyModule(parts));
    const zero = of(bits, 0n);
    for (const n of [1, 2]) await database.insert('person', columns, { id: zero, n });
    // Past the end of its own range a sequence begins anew; past the column's it has no values left.
    const third = database.insert('person', columns, { id: zero, n: 3 });
    if (columnMax < sequenceMax) await expect(third).rejects.toThrow(EXHAUSTED);
    else await third;
    const ids = [last - 1n, last, ...(columnMax < sequenceMax ? [] : [1n])];
    expect((await database.rows('person')).map(({ id }) => id)).toEqual(ids.map((id) => of(bits, id)));
  },
);

test.each(INTEGERS.filter(({ isSigned }) => isSigned))(
  '$name counts down to its smallest value',
  async ({ name, bits }) => {
    const columns: Columns = [['id', types[name]]]; // prettier-ignore
    const smallest = bits <= 128 ? -(2n ** BigInt(bits - 1)) : -(2n ** 127n);
    const numbers = { start: smallest + 1n, minValue: smallest, maxValue: -1n, increment: -1n };
    await using database = await LoggedDatabase.create(
      anyModule(people({ ...KEYED, sequences: [sequence(numbers)] }, columns)),
    );
    for (let i = 0; i < 3; i++) await database.insert('person', columns, { id: of(bits, 0n) });
    const ids = [smallest + 1n, smallest, -1n].map((id) => of(bits, id));
    expect((await database.rows('person')).map(({ id }) => id)).toEqual(ids);
  },
);

test('a step of more than one wraps within its range, and what is taken is refused', async () => {
  const columns: Columns = [['id', types.i16], ['n', types.u8]]; // prettier-ignore
  const numbers = { start: 2n, minValue: 1n, maxValue: 5n, increment: 3n };
  await using database = await LoggedDatabase.create(
    anyModule(people({ ...KEYED, sequences: [sequence(numbers)] }, columns)),
  );
  for (let n = 0; n < 5; n++) await database.insert('person', columns, { id: 0, n });
  expect((await database.rows('person')).map(({ id }) => id)).toEqual([2, 5, 3, 1, 4]);
  await expect(database.insert('person', columns, { id: 0, n: 9 })).rejects.toThrow(UNIQUE_VIOLATION);
});

const KEYS: readonly { type: AlgebraicType; values: readonly [AlgebraicValue, AlgebraicValue]; isDirect?: boolean }[] =
  [
    { type: types.bool, values: [false, true] },
    { type: types.u8, values: [0, 255], isDirect: true },
    { type: types.u16, values: [1, 65_535], isDirect: true },
    { type: types.u32, values: [0, 4_294_967_295], isDirect: true },
    { type: types.u64, values: [5n, 2n ** 64n - 1n], isDirect: true },
    { type: types.u128, values: [0n, 2n ** 128n - 1n] },
    { type: types.u256, values: [0n, 2n ** 256n - 1n] },
    { type: types.i8, values: [-128, 127] },
    { type: types.i16, values: [-1, 1] },
    { type: types.i32, values: [-1, 1] },
    { type: types.i64, values: [-(2n ** 63n), 2n ** 63n - 1n] },
    { type: types.i128, values: [-1n, 1n] },
    { type: types.i256, values: [-(2n ** 255n), 1n] },
    { type: types.f32, values: [-1.5, 1.5] },
    { type: types.f64, values: [0, Number.POSITIVE_INFINITY] },
    { type: types.string, values: ['', 'ä'] },
    { type: types.bytes, values: [new Uint8Array(0), Uint8Array.of(1)] },
    { type: types.identity, values: [{ __identity__: 0n }, { __identity__: 2n ** 255n }] },
    { type: types.connectionId, values: [{ __connection_id__: 0n }, { __connection_id__: 1n }] },
    { type: types.timestamp, values: [{ __timestamp_micros_since_unix_epoch__: -1n }, { __timestamp_micros_since_unix_epoch__: 1n }] }, // prettier-ignore
    {
      type: types.option(types.u8),
      values: [
        { tag: 'none', value: {} },
        { tag: 'some', value: 0 },
      ],
    },
    { type: types.array(types.i16), values: [[], [-1, 1]] },
    { type: types.sum([['a', types.unit], ['b', types.unit]]), values: [{ tag: 'a', value: {} }, { tag: 'b', value: {} }], isDirect: true }, // prettier-ignore
  ];

test.each(
  KEYS.flatMap((key) =>
    (['BTree', 'Hash', 'Direct'] as const)
      .filter((tag) => tag !== 'Direct' || key.isDirect === true)
      .map((tag) => ({ ...key, tag, what: key.type.tag })),
  ),
)(
  'a unique $tag index on a column of type $what finds, refuses and survives a restart',
  async ({ type, values, tag }) => {
    const columns: Columns = [['k', type], ['n', types.u8]]; // prettier-ignore
    const algorithm = tag === 'Direct' ? { tag, column: 0 } : { tag, columns: [0] };
    const indexes = [{ name: 'by_k', accessorName: 'by_k', algorithm }];
    await using database = await LoggedDatabase.create(
      anyModule(people({ indexes, constraints: [unique(0)] }, columns)),
    );
    for (const [i, k] of values.entries()) await database.insert('person', columns, { k, n: i });
    for (const n of [10, 20]) {
      const session = await database.connect('owner');
      for (const [i, k] of values.entries()) {
        await expect(session.call('insert_row', 'person', rowBytes(columns, { k, n: 99 }))).rejects.toThrow(
          UNIQUE_VIOLATION,
        );
        await session.call('update_row', 'person', rowBytes(columns, { k, n: n + i }), 'by_k');
      }
      session.disconnect();
      const rows = await database.rows('person');
      expect(rows.toSorted((a, b) => (a['n'] as number) - (b['n'] as number))).toEqual(
        values.map((k, i) => ({ k, n: n + i })),
      );
      await database.restart();
    }
  },
);

test('a constraint over several columns holds for all of them together, whatever the order of its index', async () => {
  const columns: Columns = [['a', types.u8], ['b', types.string], ['n', types.u8]]; // prettier-ignore
  const indexes = [{ name: 'i', accessorName: undefined, algorithm: { tag: 'BTree' as const, columns: [1, 0] } }];
  await using database = await LoggedDatabase.create(
    anyModule(people({ indexes, constraints: [unique(0, 1)] }, columns)),
  );
  const rows = [{ a: 1, b: 'x', n: 1 }, { a: 1, b: 'y', n: 1 }, { a: 2, b: 'x', n: 1 }]; // prettier-ignore
  await database.insert('person', columns, ...rows);
  for (const row of rows) {
    await expect(database.insert('person', columns, { ...row, n: 2 })).rejects.toThrow(UNIQUE_VIOLATION);
    await database.insert('person', columns, row); // the same row again is no violation
  }
  await expect(database.embedded.sql("INSERT INTO person (a, b, n) VALUES (1, 'x', 3)")).rejects.toThrow(
    `IndexError: Unique constraint violation 'person_b_a_idx_btree' in table 'person': column(s): '["b","a"]' value: (0 = "x", 1 = 1)`,
  );
  expect(await database.rows('person')).toHaveLength(3);
});
