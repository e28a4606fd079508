import { expect, test } from 'vitest';
import type { AlgebraicType } from './algebraic-type.ts';
import type { AlgebraicValue } from './compiled-type.ts';
import { Identity } from './identity.ts';
import { parseJson } from './json-parser.ts';
import { readJson } from './json-reader.ts';
import { writeJson } from './compile-json.ts';
import { types } from './types.ts';

const enumeration = types.sum([
  ['Red', types.unit],
  ['Green', types.unit],
]);
const identity = 'c2001122334455667788990011223344556677889900112233445566778899aa';

// Spec 10 §3.1.
test.each<[string, AlgebraicType, AlgebraicValue, string, string, string]>([
  [
    'Identity',
    types.identity,
    { __identity__: Identity.fromHex(identity).toBigInt() },
    `{"__identity__":"0x${identity}"}`,
    `{"__identity__":"0x${identity}"}`,
    `["0x${identity}"]`,
  ],
  [
    'ConnectionId',
    types.connectionId,
    { __connection_id__: 0xff0102030405060708090a0b0c0d0e0fn },
    '{"__connection_id__":338958372025759790396521755767219228175}',
    '{"__connection_id__":338958372025759790396521755767219228175}',
    '[338958372025759790396521755767219228175]',
  ],
  ['some', types.option(types.u8), { tag: 'some', value: 5 }, '{"some":5}', '[0,5]', '[0,5]'],
  ['none', types.option(types.u8), { tag: 'none', value: {} }, '{"none":[]}', '[1,{}]', '[1,[]]'],
  ['ok', types.result(types.u8, types.string), { tag: 'ok', value: 5 }, '{"ok":5}', '[0,5]', '[0,5]'],
  [
    'ScheduleAt',
    types.scheduleAt,
    { tag: 'Interval', value: { __time_duration_micros__: 1_000_000n } },
    '{"Interval":{"__time_duration_micros__":1000000}}',
    '[0,{"__time_duration_micros__":1000000}]',
    '[0,[1000000]]',
  ],
  ['simple enum', enumeration, { tag: 'Red', value: {} }, '{"Red":[]}', '[0,{}]', '[0,[]]'],
  ['unit', types.unit, {}, '{}', '{}', '[]'],
  ['variant without a name', types.sum([[undefined, types.u8]]), { tag: '0', value: 7 }, '[0,7]', '[0,7]', '[0,7]'],
])('%s in the three styles', (_, type, value, typed, row, untyped) => {
  expect(writeJson(type, [], value, 'typed')).toBe(typed);
  expect(writeJson(type, [], value, 'row')).toBe(row);
  expect(writeJson(type, [], value, 'untyped')).toBe(untyped);
});

test('a field without a name has no place in an object', () => {
  const tuple = types.product([[undefined, types.u8]]);
  expect(() => writeJson(tuple, [], { 0: 1 }, 'row')).toThrow(
    expect.objectContaining({ code: 'SATS_INVALID_VALUE', message: 'tuple element has no name' }),
  );
  expect(writeJson(tuple, [], { 0: 1 }, 'untyped')).toBe('[1]');
});

test('a value that holds itself is refused', () => {
  const list: AlgebraicType = types.product([['next', types.option(types.ref(0))]]);
  const value = { next: { tag: 'some', value: {} } };
  value.next.value = value;
  expect(() => writeJson(types.ref(0), [list], value, 'row')).toThrow(
    expect.objectContaining({ code: 'SATS_TOO_DEEP' }),
  );
});

test('a text that reads as a tag is one, even where a variant has it as its name', () => {
  const type = types.sum([
    ['1', types.unit],
    ['300', types.unit],
  ]);
  expect(readJson(type, [], parseJson('{"1":[]}'))).toEqual({ tag: '300', value: {} });
  expect(readJson(type, [], parseJson('{"300":[]}'))).toEqual({ tag: '300', value: {} });
});

test.each([
  ['{"name":"x","items":[{"n":1},{"n":"2"}]}', '$.items[1].n: expected U8, found "2"'],
  ['["x",[[256]]]', '$[1][0][0]: expected U8, found 256 (out of range)'],
  ['{"name":"x"}', '$: expected a field "items", found none (missing field)'],
  ['{"name":"x","items":[],"more":1}', '$: expected known fields only, found "more" (unknown field)'],
])('the error for %s says where', (json, message) => {
  const type = types.product([
    ['name', types.string],
    ['items', types.array(types.product([['n', types.u8]]))],
  ]);
  expect(() => readJson(type, [], parseJson(json))).toThrow(
    expect.objectContaining({ code: 'SATS_INVALID_JSON', message }),
  );
});
