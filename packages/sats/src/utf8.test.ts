import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { findInvalidUtf8 } from './utf8.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isUtf8(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The bytes around which the rules of table 3-7 change. */
const EDGES = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];

test('agrees with TextDecoder on every lead with the edges of what may follow', () => {
  const wrong: string[] = [];
  for (let lead = 0; lead < 256; lead++) {
    for (const second of EDGES) {
      for (const [third, fourth] of [
        [0x41, 0x41],
        [0x80, 0x41],
        [0x80, 0x80],
        [0xbf, 0xbf],
        [0x7f, 0x80],
        [0x80, 0xc0],
      ] as const) {
        const bytes = new Uint8Array([lead, second, third, fourth, 0x41]);
        if (findInvalidUtf8(bytes, 0, bytes.length) < 0 !== isUtf8(bytes)) wrong.push(bytes.toString());
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('looks at nothing past the end', () => {
  const euro = new TextEncoder().encode('€');
  expect(findInvalidUtf8(euro, 0, 3)).toBe(-1);
  expect(findInvalidUtf8(euro, 0, 2)).toBe(0);
  expect(findInvalidUtf8(new Uint8Array([0x41, 0xff]), 0, 1)).toBe(-1);
});

property.prop([fc.string({ unit: 'binary' }), fc.nat(), fc.nat(255)])('agrees on damaged text', (text, at, byte) => {
  const bytes = new TextEncoder().encode(`a${text}`);
  expect(findInvalidUtf8(bytes, 0, bytes.length)).toBe(-1);
  bytes[at % bytes.length] = byte;
  expect(findInvalidUtf8(bytes, 0, bytes.length) < 0).toBe(isUtf8(bytes));
});
