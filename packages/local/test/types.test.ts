import type { StandardSchemaV1 } from '@standard-schema/spec';
import { expect, expectTypeOf, test } from 'vitest';
import { blob, bool, defineSchema, int, json, real, ref, sql, table, text, timestamp } from '../src/index.ts';
import type { NewRowOf, PatchOf, RowOf } from '../src/index.ts';
import { openReplica } from './support/replica.ts';

/** A Standard Schema as libraries make them: trims, and refuses what is empty. */
const trimmed: StandardSchemaV1<string, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof value === 'string' && value.trim() !== ''
        ? { value: value.trim() }
        : { issues: [{ message: 'must not be empty' }] },
  },
};

const schema = defineSchema({
  Other: table({}),
  Thing: table({
    text: text().validate(trimmed),
    int: int(),
    big: int({ big: true }).default(5n),
    real: real().optional(),
    bool: bool().default(true),
    blob: blob().optional(),
    at: timestamp().optional(),
    meta: json<{ tags: string[] }>().optional(),
    other: ref('Other').optional().named('other_id'),
  }),
});

test('the types of rows follow from the schema', () => {
  expectTypeOf<RowOf<typeof schema, 'Thing'>>().toEqualTypeOf<{
    id: string;
    text: string;
    int: number;
    big: bigint;
    real: number | null;
    bool: boolean;
    blob: Uint8Array | null;
    at: Date | null;
    meta: { tags: string[] } | null;
    other: string | null;
  }>();
  expectTypeOf<{ text: string; int: number }>().toExtend<NewRowOf<typeof schema, 'Thing'>>();
  expectTypeOf<{ text: string }>().not.toExtend<NewRowOf<typeof schema, 'Thing'>>();
  expectTypeOf<{ int: string; text: string }>().not.toExtend<NewRowOf<typeof schema, 'Thing'>>();
  expectTypeOf<{ real: null }>().toExtend<PatchOf<typeof schema, 'Thing'>>();
  expectTypeOf<{ int: null }>().not.toExtend<PatchOf<typeof schema, 'Thing'>>();
  using db = openReplica(schema);
  expectTypeOf(db.query(sql`SELECT * FROM Thing`.as(schema.Thing))).toEqualTypeOf<RowOf<typeof schema, 'Thing'>[]>();
  expectTypeOf(db.query(sql`SELECT 1 AS n`.as<{ n: number }>())).toEqualTypeOf<{ n: number }[]>();
  // @ts-expect-error -- there is no such table
  expect(db.Missing).toBeUndefined();
});

const full = {
  text: 't',
  int: -(2 ** 53 - 1),
  big: -(2n ** 63n),
  real: 2,
  bool: false,
  blob: new Uint8Array([0, 255]),
  at: new Date(5),
  meta: { tags: ['a'] },
  other: null,
};

test('values of every kind come back as they were, here and from another device', () => {
  using db = openReplica(schema);
  using peer = openReplica(schema);
  const saved = db.Thing.save({ id: 'x', ...full });
  peer.log.append(db.log.changesById(db.log.changeIds()));
  for (const row of [
    saved,
    db.Thing.get('x')!,
    peer.Thing.get('x')!,
    peer.query(sql`SELECT * FROM Thing`.as(schema.Thing))[0]!,
  ])
    expect({ ...row, blob: row.blob && new Uint8Array(row.blob) }).toEqual({ id: 'x', ...full });
  // INTEGER and REAL are told apart in the log.
  expect(db.log.changesSince(0, { limit: 1 })[0]!.change.fields).toContainEqual({ name: 'real', value: 2 });
  expect(db.log.changesSince(0, { limit: 1 })[0]!.change.fields).toContainEqual({ name: 'bool', value: 0n });
});

test.each([
  { patch: { int: 1.5 }, says: '"int" is 1.5; expected a whole number' },
  { patch: { int: 2 ** 53 }, says: 'whole number' },
  { patch: { big: 2n ** 63n }, says: 'at most 64 bits' },
  { patch: { real: Number.NaN }, says: 'not NaN' },
  { patch: { bool: 1 }, says: '"bool" is 1; expected a boolean' },
  { patch: { blob: [1] }, says: 'expected a Uint8Array' },
  { patch: { at: new Date(Number.NaN) }, says: 'expected a valid Date' },
  { patch: { meta: () => 1 }, says: 'JSON' },
  { patch: { int: null }, says: '"int" is null; it is not optional()' },
  { patch: { text: ' ' }, says: 'must not be empty' },
  { patch: { missing: 1 }, says: 'there is no column "missing"' },
])('$patch is refused: $says', ({ patch, says }) => {
  using db = openReplica(schema);
  db.Thing.save({ id: 'x', ...full });
  // What the types would not let through.
  expect(() => db.Thing.update('x', patch as never)).toThrow(
    expect.objectContaining({ code: 'LOCAL_INVALID_VALUE', message: expect.stringContaining(says) }),
  );
  expect(db.history('Thing', 'x')).toHaveLength(1);
});

test('a Standard Schema may convert what is saved', () => {
  using db = openReplica(schema);
  expect(db.Thing.save({ text: ' t ', int: 1 }).text).toBe('t');
});

test('a history and a row of the past have the values of then', () => {
  let now = Date.UTC(2026, 0);
  using db = openReplica(schema, { nowMs: () => now });
  db.Thing.save({ id: 'x', text: 'first', int: 1 });
  now += 1000;
  db.Thing.update('x', { text: 'second', at: new Date(7) });
  now += 1000;
  db.Thing.delete('x');
  expect(
    db.history('Thing', 'x', { field: 'text' }).map(({ at, values }) => [at.getTime() - now, values['text']]),
  ).toEqual([
    [-1000, 'second'],
    [-2000, 'first'],
  ]);
  const textAt = (ms: number) => db.asOf('Thing', 'x', new Date(now + ms))?.text;
  expect([-3000, -2000, -1000, 0].map(textAt)).toEqual([undefined, 'first', 'second', undefined]);
  expect(db.asOf('Thing', 'x', new Date(now - 1000))).toMatchObject({ at: new Date(7), big: 5n, bool: true });
});

test.each([
  { why: 'a name of the log', make: () => defineSchema({ ZV_CHANGE: table({}) }) },
  { why: 'a name of a call', make: () => defineSchema({ query: table({}) }) },
  { why: 'names that differ in case only', make: () => defineSchema({ A: table({}), a: table({}) }) },
  { why: 'a second id', make: () => table({ id: text() }) },
  { why: 'a reference to nothing', make: () => defineSchema({ A: table({ b: ref('B') }) }) },
  { why: 'two columns of one name', make: () => table({ a: text(), b: text().named('a') }) },
  { why: 'a default of another kind', make: () => int().default(1.5) },
  {
    why: 'a synced reference to a local row',
    make: () => defineSchema({ A: table({ b: ref('B') }), B: table({}, { local: true }) }),
  },
])('$why makes no schema', ({ make }) => {
  expect(make).toThrow(expect.objectContaining({ code: 'LOCAL_INVALID_SCHEMA' }));
});

test('rows of local tables are in no log', () => {
  const local = defineSchema({ Draft: table({ body: text() }, { local: true }) });
  using db = openReplica(local);
  const { id } = db.Draft.save({ body: 'b' });
  db.Draft.update(id, { body: 'c' });
  db.exec(sql`UPDATE Draft SET body = 'd'`);
  expect(db.Draft.get(id)).toEqual({ id, body: 'd' });
  expect(db.log.changeIds()).toEqual([]);
});

test('templates bind values and nest', () => {
  const condition = sql`${sql.id('a"b')} IN (${sql.join([1, 'x', sql`${true} + 1`])})`;
  expect(sql`SELECT * FROM t WHERE ${condition} ${sql.raw('LIMIT 1')}`).toMatchObject({
    text: `SELECT * FROM t WHERE "a""b" IN (?, ?, ? + 1) LIMIT 1`,
    values: [1n, 'x', 1n],
  });
  expect(() => sql`${{} as never}`).toThrow(expect.objectContaining({ code: 'LOCAL_INVALID_VALUE' }));
});
