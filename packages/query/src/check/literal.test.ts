import { type AlgebraicType, bytesToHex, types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { QueryError } from '../errors.ts';
import type { Literal } from '../sql/syntax.ts';
import { encodeLiteral, encodeStoredLiteral, parseU64 } from './literal.ts';

const literal = (form: Literal['form'], text: string): Literal => ({ kind: 'literal', form, text });

/** The BSATN of a number literal, or undefined when it is refused as a value of the type. */
function hexOf(text: string, type: AlgebraicType): string | undefined {
  try {
    return bytesToHex(encodeLiteral(literal('number', text), type));
  } catch (error) {
    if (error instanceof QueryError && error.code === 'QUERY_INVALID_LITERAL') return undefined;
    throw error;
  }
}

function littleEndianHex(value: bigint, size: number): string {
  const digits = value.toString(16).padStart(size * 2, '0');
  return (digits.match(/../g) ?? []).toReversed().join('');
}

test.each([
  { type: types.u8, text: '255', hex: 'ff' },
  { type: types.i8, text: '-128', hex: '80' },
  { type: types.u16, text: '0x', hex: undefined },
  { type: types.u16, text: '1e4', hex: '1027' },
  { type: types.i32, text: '-1.00', hex: 'ffffffff' },
  { type: types.u32, text: '0010.', hex: '0a000000' },
  { type: types.u32, text: '12000e-3', hex: '0c000000' },
  { type: types.u32, text: '12000e-4', hex: undefined },
  { type: types.u32, text: '4294967296', hex: undefined },
  { type: types.i64, text: '-9223372036854775808', hex: '0000000000000080' },
  { type: types.i64, text: '9223372036854775808', hex: undefined },
  { type: types.u128, text: '1e38', hex: littleEndianHex(10n ** 38n, 16) },
  { type: types.u256, text: '1e77', hex: littleEndianHex(10n ** 77n, 32) },
  { type: types.u256, text: '1e78', hex: undefined },
  { type: types.u8, text: '1e999999999999', hex: undefined },
  { type: types.u8, text: '1e-999999999999', hex: undefined },
  { type: types.u8, text: '0e999999999999', hex: '00' },
  { type: types.u8, text: '', hex: undefined },
  { type: types.u8, text: '.', hex: undefined },
  { type: types.u8, text: '- 1', hex: undefined },
  { type: types.f32, text: '1.5', hex: '0000c03f' },
  { type: types.f32, text: '1e40', hex: '0000807f' },
  { type: types.f64, text: '-0.0', hex: '0000000000000000' },
  { type: types.f64, text: '.5', hex: '000000000000e03f' },
  { type: types.f64, text: 'Infinity', hex: undefined },
  { type: types.f64, text: '.', hex: undefined },
  { type: types.string, text: 'aé', hex: '0300000061c3a9' },
  { type: types.bytes, text: '0aFF', hex: '020000000aff' },
  { type: types.bytes, text: '', hex: '00000000' },
  { type: types.bytes, text: '010', hex: undefined },
  { type: types.identity, text: `0x${'0'.repeat(62)}ab`, hex: `ab${'00'.repeat(31)}` },
  { type: types.identity, text: 'ab', hex: undefined },
  { type: types.connectionId, text: `${'0'.repeat(30)}ab`, hex: `ab${'00'.repeat(15)}` },
  { type: types.connectionId, text: `0x${'0'.repeat(30)}ab`, hex: undefined },
  {
    type: types.uuid,
    text: '018f3c2e-7a10-7000-8000-00000000abcd',
    hex: littleEndianHex(0x018f3c2e7a107000800000000000abcdn, 16),
  },
  { type: types.timestamp, text: '1970-01-01T00:00:01.0000029Z', hex: '42420f0000000000' },
  { type: types.timestamp, text: '1970-01-01 01:00:00+01:00', hex: '0000000000000000' },
  { type: types.timestamp, text: '1970-02-30T00:00:00Z', hex: undefined },
  { type: types.timeDuration, text: '1', hex: undefined },
  { type: types.option(types.u8), text: '1', hex: undefined },
  { type: types.array(types.u16), text: '01', hex: undefined },
  { type: types.bool, text: '1', hex: undefined },
  { type: types.unit, text: '1', hex: undefined },
])('$text as $type.tag is $hex', ({ type, text, hex }) => {
  expect(hexOf(text, type)).toBe(hex);
});

test('a number of a million digits costs no time', () => {
  const digits = `${'0'.repeat(500_000)}${'1'.repeat(500_000)}`;
  expect(hexOf(digits, types.u256)).toBeUndefined();
});

describe('a stored literal', () => {
  test.each([
    { form: 'string', type: types.u8, message: 'Unexpected type: (expected) String != U8 (inferred)' },
    {
      form: 'string',
      type: types.timestamp,
      message: 'Unexpected type: (expected) String != (__timestamp_micros_since_unix_epoch__: I64) (inferred)',
    },
    { form: 'string', type: types.bool, message: 'Unexpected type: (expected) String != Bool (inferred)' },
    { form: 'bool', type: types.string, message: 'Unexpected type: (expected) Bool != String (inferred)' },
    { form: 'number', type: types.bool, message: 'The literal expression `1` cannot be parsed as type `Bool`' },
  ] as const)('$form for $type.tag', ({ form, type, message }) => {
    expect(() => encodeStoredLiteral(literal(form, '1'), type)).toThrow(expect.objectContaining({ message }));
  });

  test('a number or hex is stored in a string column as its text', () => {
    expect(bytesToHex(encodeStoredLiteral(literal('hex', 'AB'), types.string))).toBe('020000004142');
  });
});

test('u64 of LIMIT and SET', () => {
  expect(parseU64('18446744073709551615')).toBe(2n ** 64n - 1n);
  expect(() => parseU64('-1')).toThrow('The literal expression `-1` cannot be parsed as type `U64`');
});
