import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { truncateUtf8 } from './truncate-utf8.ts';

property.prop([fc.string({ unit: 'binary' }), fc.nat({ max: 20 })])(
  'as many whole characters as fit',
  (text, maxBytes) => {
    let expected = '';
    for (const character of text) {
      if (Buffer.byteLength(expected + character) > maxBytes) break;
      expected += character;
    }
    expect(Buffer.from(truncateUtf8(text, maxBytes))).toEqual(Buffer.from(expected));
  },
);
