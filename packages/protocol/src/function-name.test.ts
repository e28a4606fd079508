import { fc, test as property } from '@fast-check/vitest';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import { expect } from 'vitest';
import { readFunctionName } from './function-name.ts';

function encoded(text: string): Uint8Array {
  const writer = new ByteWriter();
  writer.string(text);
  return writer.finish();
}

/** What reading comes to: the text and where the reader is then, or the error. */
function outcome(reader: ByteReader, read: (reader: ByteReader) => string): unknown {
  try {
    return [read(reader), reader.offset];
  } catch (error) {
    return (error as Error).message;
  }
}

const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'ä'), maxLength: 4 }).map(encoded),
  fc.string({ maxLength: 80, unit: 'grapheme' }).map(encoded),
  fc.uint8Array({ maxLength: 8 }),
  fc.uint8Array({ maxLength: 8 }).map((rest) => Uint8Array.of(rest.length, 0, 0, 0, ...rest)),
);

property.prop([fc.array(fc.tuple(name, fc.uint8Array({ maxLength: 3 }), fc.nat(3)), { maxLength: 40, size: 'max' })])(
  'names are what a string is that is read anew, whatever was read before',
  (names) => {
    for (const [bytes, behind, start] of names) {
      const all = Uint8Array.of(...new Uint8Array(start), ...bytes, ...behind);
      const end = start + bytes.length;
      const expected = outcome(new ByteReader(all, start, end), (reader) => reader.string());
      for (let time = 0; time < 2; time++) {
        expect(outcome(new ByteReader(all, start, end), readFunctionName)).toEqual(expected);
      }
    }
  },
);
