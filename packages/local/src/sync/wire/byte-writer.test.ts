import { expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter, utf8Length } from './byte-writer.ts';

test('every kind of number and text is written whole wherever the buffer has to grow', () => {
  for (let before = 1000; before < 1040; before++) {
    const writer = new ByteWriter();
    writer.bytes(new Uint8Array(before));
    writer.u8(1);
    writer.u16(2);
    writer.u32(3);
    writer.u64(4n);
    writer.f64(0.5);
    writer.varuint(2 ** 53 - 1);
    writer.text('ü');
    const at = writer.reserve(1);
    writer.room[at] = 7;
    const reader = new ByteReader(writer.written(), before);
    const read = [
      reader.u8(),
      reader.u16(),
      reader.u32(),
      reader.u64(),
      reader.f64(),
      reader.varuint(),
      reader.text(2),
      reader.u8(),
    ];
    expect(read).toEqual([1, 2, 3, 4n, 0.5, 2 ** 53 - 1, 'ü', 7]);
  }
});

test.each(['u8', 'u16', 'u32', 'f64', 'varuint'] as const)('a buffer that is full grows for one %s more', (kind) => {
  const writer = new ByteWriter();
  writer.bytes(new Uint8Array(1024));
  writer[kind](5);
  expect(new ByteReader(writer.written(), 1024)[kind]()).toBe(5);
});

test.each(['', 'a', 'ü', '日本', '🎵', 'a🎵b', '\ud800', '\udc00x', '🎵🎵'])(
  'the length of %j is that of its bytes',
  (text) => {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  },
);
