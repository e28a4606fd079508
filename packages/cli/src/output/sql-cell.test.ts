import { parseJson, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { formatSqlCell } from './sql-cell.ts';

const status = types.sum([
  ['active', types.unit],
  ['gone', types.string],
]);

test.each([
  { name: 'string', type: types.string, json: '"a\\"b"', text: '"a"b"' },
  { name: 'string with an escape sequence', type: types.string, json: '"\\u001b[2J\\n"', text: '"\\u{1b}[2J\\n"' },
  { name: 'u64', type: types.u64, json: '18446744073709551615', text: '18446744073709551615' },
  { name: 'u256', type: types.u256, json: '"0xff"', text: '255' },
  { name: 'i256', type: types.i256, json: '"-0xff"', text: '-255' },
  { name: 'bool', type: types.bool, json: 'true', text: 'true' },
  { name: 'f64', type: types.f64, json: '1.5', text: '1.5' },
  { name: 'NaN, which JSON lacks', type: types.f64, json: 'null', text: 'null' },
  { name: 'identity', type: types.identity, json: '["0xc2"]', text: `0x${'c2'.padStart(64, '0')}` },
  { name: 'connection id', type: types.connectionId, json: '[255]', text: `0x${'ff'.padStart(32, '0')}` },
  { name: 'timestamp', type: types.timestamp, json: '[0]', text: '1970-01-01T00:00:00+00:00' },
  { name: 'time before 1970', type: types.timestamp, json: '[-1]', text: '1969-12-31T23:59:59.999999+00:00' },
  { name: 'duration', type: types.timeDuration, json: '[-1500000]', text: '-1.500000' },
  { name: 'uuid', type: types.uuid, json: '[1]', text: '"00000000-0000-0000-0000-000000000001"' },
  { name: 'bytes', type: types.bytes, json: '"0aff"', text: '0x0aff' },
  { name: 'array', type: types.array(types.u32), json: '[1,2]', text: '[1, 2]' },
  { name: 'option', type: types.option(types.bool), json: '[0,true]', text: '(some = true)' },
  { name: 'nothing', type: types.option(types.bool), json: '[1,[]]', text: '(none = ())' },
  { name: 'variant', type: status, json: '[0,[]]', text: '(active = ())' },
  { name: 'variant with payload', type: status, json: '[1,"x"]', text: '(gone = "x")' },
  {
    name: 'product',
    type: types.product([
      ['a', types.u8],
      ['b', types.string],
    ]),
    json: '[1,"x"]',
    text: '(a = 1, b = "x")',
  },
])('$name', ({ type, json, text }) => {
  expect(formatSqlCell(type, parseJson(json))).toBe(text);
});

test.each([
  { name: 'an unknown tag', type: status, json: '[9,[]]' },
  { name: 'a product that is no array', type: types.product([['a', types.u8]]), json: '{"a":1}' },
  { name: 'an identity that is a number', type: types.identity, json: '{"x":5}' },
  { name: 'a string that is none', type: types.string, json: '5' },
])('$name is shown as it came', ({ type, json }) => {
  expect(formatSqlCell(type, parseJson(json))).toBe(json);
});
