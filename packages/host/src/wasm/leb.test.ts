import { ByteWriter } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { patchSize, reserveSize, writeSigned, writeUnsigned } from './leb.ts';
import { WasmReader } from './wasm-reader.ts';

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter();
  write(writer);
  return Buffer.from(writer.written()).toString('hex');
}

test.each([
  { value: 0, hex: '00' },
  { value: 127, hex: '7f' },
  { value: 128, hex: '8001' },
  { value: 16_383, hex: 'ff7f' },
  { value: 16_384, hex: '808001' },
  { value: 0xffff_ffff, hex: 'ffffffff0f' },
])('u32 $value <-> $hex', ({ value, hex }) => {
  expect(written((writer) => writeUnsigned(writer, value))).toBe(hex);
  expect(new WasmReader(Buffer.from(hex, 'hex')).u32()).toBe(value);
});

test.each([
  { value: 0, hex: '00' },
  { value: 63, hex: '3f' },
  { value: 64, hex: 'c000' },
  { value: -1, hex: '7f' },
  { value: -64, hex: '40' },
  { value: -65, hex: 'bf7f' },
  { value: 2 ** 31, hex: '8080808008' },
  { value: -(2 ** 32), hex: '8080808070' },
])('s33 $value <-> $hex', ({ value, hex }) => {
  expect(written((writer) => writeSigned(writer, value))).toBe(hex);
  expect(new WasmReader(Buffer.from(hex, 'hex')).s33()).toBe(value);
});

test('a signed number may have 53 bits', () => {
  expect(written((writer) => writeSigned(writer, 2 ** 52))).toBe('8080808080808008');
});

test.each(['ffffffff1f', '808080808000', 'ffffffffff', '80', ''])('%s is no u32', (hex) => {
  expect(() => new WasmReader(Buffer.from(hex, 'hex')).u32()).toThrow(
    expect.objectContaining({ code: 'HOST_MALFORMED_MODULE' }),
  );
});

test('a size is filled in behind what it measures', () => {
  const hex = written((writer) => {
    writer.u8(1);
    const size = reserveSize(writer);
    writer.raw(new Uint8Array(300));
    patchSize(writer, size);
  });
  expect(hex.slice(0, 12)).toBe('01ac82808000');
  expect(new WasmReader(Buffer.from(hex, 'hex'), 1).u32()).toBe(300);
});
