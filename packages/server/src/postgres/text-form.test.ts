import { types } from '@lightcone/sats';
import type { AlgebraicType, AlgebraicValue } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { columnName, postgresType } from './postgres-type.ts';
import { textForm } from './text-form.ts';

const colour = types.sum([
  ['Red', types.unit],
  ['DarkBlue', types.unit],
]);
const red = { tag: 'Red', value: {} };
const point = types.product([
  ['x', types.f32],
  [undefined, types.u64],
]);
const identity = { __identity__: 0xc2n };
const moment = { __timestamp_micros_since_unix_epoch__: 1_700_000_000_500_000n };

interface Case {
  readonly name: string;
  readonly type: AlgebraicType;
  readonly value: AlgebraicValue;
  readonly oid: number;
  readonly text: string;
}

const cases: readonly Case[] = [
  { name: 'a string', type: types.string, value: 'it\'s "so"', oid: 1043, text: 'it\'s "so"' },
  { name: 'true', type: types.bool, value: true, oid: 16, text: 't' },
  { name: 'false', type: types.bool, value: false, oid: 16, text: 'f' },
  { name: 'u8', type: types.u8, value: 255, oid: 21, text: '255' },
  { name: 'i8', type: types.i8, value: -128, oid: 21, text: '-128' },
  { name: 'i16', type: types.i16, value: -1, oid: 21, text: '-1' },
  { name: 'u16', type: types.u16, value: 65_535, oid: 23, text: '65535' },
  { name: 'i32', type: types.i32, value: -1, oid: 23, text: '-1' },
  { name: 'u32', type: types.u32, value: 4_294_967_295, oid: 20, text: '4294967295' },
  { name: 'i64', type: types.i64, value: -1n, oid: 20, text: '-1' },
  { name: 'u64', type: types.u64, value: 2n ** 64n - 1n, oid: 1700, text: '18446744073709551615' },
  { name: 'i128', type: types.i128, value: -(2n ** 100n), oid: 1700, text: '-1267650600228229401496703205376' },
  { name: 'u256', type: types.u256, value: 2n ** 70n, oid: 1700, text: '1180591620717411303424' },
  { name: 'f32', type: types.f32, value: Math.fround(0.1), oid: 700, text: '0.1' },
  { name: 'a whole f32', type: types.f32, value: 3, oid: 700, text: '3' },
  { name: 'f64', type: types.f64, value: 1e300, oid: 701, text: '1e+300' },
  { name: 'no number', type: types.f64, value: Number.NaN, oid: 701, text: 'NaN' },
  { name: 'a negative infinity', type: types.f32, value: -Infinity, oid: 700, text: '-Infinity' },
  { name: 'a negative zero', type: types.f64, value: -0, oid: 701, text: '-0' },
  { name: 'bytes', type: types.bytes, value: Uint8Array.of(0, 255), oid: 17, text: '\\x00ff' },
  { name: 'no bytes', type: types.bytes, value: new Uint8Array(), oid: 17, text: '\\x' },
  { name: 'an empty array', type: types.array(types.i32), value: [], oid: 1007, text: '{}' },
  { name: 'i32s', type: types.array(types.i32), value: [1, -2], oid: 1007, text: '{1,-2}' },
  { name: 'i16s', type: types.array(types.i16), value: [1], oid: 1005, text: '{1}' },
  { name: 'u32s', type: types.array(types.u32), value: [1], oid: 1016, text: '{1}' },
  { name: 'u128s', type: types.array(types.u128), value: [1n], oid: 1231, text: '{1}' },
  { name: 'bools', type: types.array(types.bool), value: [true, false], oid: 1000, text: '{t,f}' },
  {
    name: 'strings that need quotes, and one that does not',
    type: types.array(types.string),
    value: ['plain', '', 'null', 'a,b', '{', '"', '\\', 'a b', '\n'],
    oid: 1015,
    text: '{plain,"","null","a,b","{","\\"","\\\\","a b","\n"}',
  },
  { name: 'f64s', type: types.array(types.f64), value: [1.5], oid: 2277, text: '{1.5}' },
  { name: 'arrays', type: types.array(types.array(types.i32)), value: [[1, 2], [3]], oid: 2277, text: '{{1,2},{3}}' },
  {
    name: 'blobs',
    type: types.array(types.bytes),
    value: [Uint8Array.of(1)],
    oid: 2277,
    text: '{"\\\\x01"}',
  },
  {
    name: 'products in an array',
    type: types.array(point),
    value: [{ x: 0.5, 1: 2n }],
    oid: 2277,
    text: '{"{\\"x\\": 0.5, \\"col_1\\": 2}"}',
  },
  { name: 'an identity', type: types.identity, value: identity, oid: 17, text: `\\x${'c2'.padStart(64, '0')}` },
  {
    name: 'a connection id',
    type: types.connectionId,
    value: { __connection_id__: 1n },
    oid: 17,
    text: `\\x${'1'.padStart(32, '0')}`,
  },
  { name: 'a timestamp', type: types.timestamp, value: moment, oid: 1114, text: '2023-11-14T22:13:20.500+00:00' },
  { name: 'no time', type: types.timeDuration, value: { __time_duration_micros__: 0n }, oid: 1186, text: 'P0D' },
  {
    name: 'a time',
    type: types.timeDuration,
    value: { __time_duration_micros__: 90_000_000n },
    oid: 1186,
    text: 'PT90S',
  },
  {
    name: 'a time ago',
    type: types.timeDuration,
    value: { __time_duration_micros__: -1_500_000n },
    oid: 1186,
    text: 'PT-1.5S',
  },
  {
    name: 'a uuid',
    type: types.uuid,
    value: { __uuid__: 1n },
    oid: 2950,
    text: '00000000-0000-0000-0000-000000000001',
  },
  { name: 'a plain enum', type: colour, value: red, oid: 3500, text: 'Red' },
  { name: 'a product', type: point, value: { x: 0.5, 1: 7n }, oid: 114, text: '{"x": 0.5, "col_1": 7}' },
  { name: 'the unit', type: types.unit, value: {}, oid: 114, text: '{}' },
  { name: 'some', type: types.option(types.u8), value: { tag: 'some', value: 1 }, oid: 114, text: '{"some": 1}' },
  { name: 'none', type: types.option(types.u8), value: { tag: 'none', value: {} }, oid: 114, text: '{"none": {}}' },
  {
    name: 'an error',
    type: types.result(types.u8, types.string),
    value: { tag: 'err', value: 'a "b"\n' },
    oid: 114,
    text: '{"err": "a \\"b\\"\\n"}',
  },
  {
    name: 'everything inside a product',
    type: types.product([
      ['enum', colour],
      ['bytes', types.bytes],
      ['who', types.identity],
      ['when', types.timestamp],
      ['list', types.array(types.bool)],
      ['wide', types.u256],
      ['none', types.f64],
      ['most', types.f32],
    ]),
    value: {
      enum: red,
      bytes: Uint8Array.of(1),
      who: identity,
      when: moment,
      list: [true, false],
      wide: 2n ** 70n,
      none: Number.NaN,
      most: Infinity,
    },
    oid: 114,
    text:
      '{"enum": "Red", "bytes": "\\\\x01", "who": "\\\\x' +
      `${'c2'.padStart(64, '0')}", "when": "2023-11-14T22:13:20.500+00:00", "list": [true, false], ` +
      '"wide": 1180591620717411303424, "none": "NaN", "most": "Infinity"}',
  },
];

describe('values in the text format', () => {
  test.each(cases)('$name: $text', ({ type, value, oid, text }) => {
    expect(postgresType(type).oid).toBe(oid);
    expect(textForm(type)(value)).toBe(text);
  });

  test.each(cases.filter(({ oid }) => oid === 114))('$name is JSON that reads', ({ type, value }) => {
    expect(() => JSON.parse(textForm(type)(value)) as unknown).not.toThrow();
  });
});

test('a column without a name is called by its position', () => {
  expect(columnName({ name: undefined, type: types.u8 }, 3)).toBe('col_3');
  expect(columnName({ name: 'age', type: types.u8 }, 3)).toBe('age');
});
