import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { SatsError } from './errors.ts';
import { bytesToHex, hexToBytes } from './hex.ts';

/** A reader in the middle of a larger buffer, so that a forgotten offset shows. */
function reader(hex: string): ByteReader {
  const bytes = hexToBytes(hex)!; // ours
  const buffer = new Uint8Array(bytes.length + 13).fill(0xee);
  buffer.set(bytes, 6);
  return new ByteReader(buffer.subarray(3, 11 + bytes.length), 3, 3 + bytes.length);
}

type Write = (writer: ByteWriter) => void;
type Read = (reader: ByteReader) => unknown;

test.each<[string, unknown, Write, Read]>([
  ['ff', 255, (w) => w.u8(255), (r) => r.u8()],
  ['80', -128, (w) => w.u8(-128), (r) => r.i8()],
  ['feff', 65534, (w) => w.u16(65534), (r) => r.u16()],
  ['feff', -2, (w) => w.u16(-2), (r) => r.i16()],
  ['ffffffff', 4294967295, (w) => w.u32(4294967295), (r) => r.u32()],
  ['00000080', -2147483648, (w) => w.u32(-2147483648), (r) => r.i32()],
  ['0100000000002000', 9007199254740993n, (w) => w.u64(9007199254740993n), (r) => r.u64()],
  ['ffffffffffff1f00', 9007199254740991n, (w) => w.u64Number(9007199254740991), (r) => r.u64()],
  ['ffffffffffffffff', -1n, (w) => w.i64(-1n), (r) => r.i64()],
  [`fe${'ff'.repeat(15)}`, -2n, (w) => w.wide(-2n, 16), (r) => r.wideSigned(16)],
  [`01${'00'.repeat(31)}`, 1n, (w) => w.wide(1n, 32), (r) => r.wideUnsigned(32)],
  ['0000c03f', 1.5, (w) => w.f32(1.5), (r) => r.f32()],
  ['0000000000000080', -0, (w) => w.f64(-0), (r) => r.f64()],
  ['01', true, (w) => w.bool(true), (r) => r.bool()],
  ['0600000068c3a96c6c6f', 'héllo', (w) => w.string('héllo'), (r) => r.string()],
  ['03000000efbbbf', '\ufeff', (w) => w.string('\ufeff'), (r) => r.string()],
])('%s <-> %s', (hex, value, write, read) => {
  const writer = new ByteWriter();
  write(writer);
  expect(bytesToHex(writer.written())).toBe(hex);
  const from = reader(hex);
  expect(read(from)).toStrictEqual(value);
  expect(from.remaining).toBe(0);
});

test.each<[string, string, Read]>([
  ['SATS_UNEXPECTED_END', '', (r) => r.u8()],
  ['SATS_UNEXPECTED_END', '000000', (r) => r.u32()],
  ['SATS_UNEXPECTED_END', '00000000000000', (r) => r.f64()],
  ['SATS_UNEXPECTED_END', 'ffffffff41', (r) => r.string()],
  ['SATS_INVALID_BOOL', '02', (r) => r.bool()],
  ['SATS_INVALID_UTF8', '01000000ff', (r) => r.string()],
])('%s for %j', (code, hex, read) => {
  expect(() => read(reader(hex))).toThrow(expect.objectContaining({ code }));
});

property.prop([
  fc.uint8Array(),
  fc.array(fc.constantFrom<keyof ByteReader>('u8', 'i16', 'u32', 'u64', 'string', 'bool')),
])('bad input is refused with a code, never read past its end', (bytes, steps) => {
  const from = new ByteReader(bytes);
  try {
    for (const step of steps) (from[step] as () => unknown).call(from); // all of those take nothing
  } catch (error) {
    expect(error).toBeInstanceOf(SatsError);
  }
  expect(from.offset).toBeLessThanOrEqual(bytes.length);
});

test('a writer keeps what was written while it grows, and can take the end back', () => {
  const writer = new ByteWriter(1);
  for (let i = 0; i < 1000; i++) writer.u8(i);
  writer.truncate(700);
  writer.slice(new Uint8Array([1, 2, 3, 4]), 1, 3);
  writer.slice(new Uint8Array(100).fill(9), 10, 90);
  writer.lengthPrefixed(new Uint8Array([5]));
  const expected = [...Array.from({ length: 700 }, (_, i) => i % 256), 2, 3, ...Array(80).fill(9), 1, 0, 0, 0, 5];
  expect([...writer.finish()]).toEqual(expected);
  writer.setU32(0, 0x01020304);
  expect([...writer.written().subarray(0, 4)]).toEqual([4, 3, 2, 1]);
  writer.reset();
  expect(writer.length).toBe(0);
});
