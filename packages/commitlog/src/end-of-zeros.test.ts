import { expect, test } from 'vitest';
import { endOfZeros } from './end-of-zeros.ts';

test('zeros end at the first other byte, wherever they begin and lie in the memory', () => {
  for (let offset = 0; offset < 5; offset++) {
    for (let length = 0; length < 20; length++) {
      for (let from = 0; from <= length; from++) {
        for (let end = from; end <= length; end++) {
          const bytes = new Uint8Array(new ArrayBuffer(32), offset, length);
          bytes.fill(1, 0, from);
          bytes.fill(1, end);
          expect(endOfZeros(bytes, from)).toBe(end);
        }
      }
    }
  }
});
