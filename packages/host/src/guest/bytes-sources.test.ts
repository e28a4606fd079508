import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { BytesSources } from './bytes-sources.ts';

const some = new Uint8Array(100);

test('any number of sources can be made as long as they are read', () => {
  const sources = new BytesSources();
  for (let handle = 1; handle <= 20_000; handle++) {
    expect(sources.add(some, 0, 100)).toBe(handle);
    if (handle % 3 !== 0 || handle > 19_000) continue;
    for (const read of [handle - 1, handle, handle - 2]) sources.close(sources.find(read)!);
  }
  expect(sources.find(19_500)).toMatchObject({ isOpen: true });
  expect(sources.find(1)).toBe(undefined);
});

test('one that is never read to its end stops the numbers after it', () => {
  const sources = new BytesSources();
  sources.add(some, 0, 1);
  for (let i = 1; i < 4096; i++) sources.close(sources.find(sources.add(some, 0, 100))!);
  expect(() => sources.add(some, 0, 1)).toThrow('4096 bytes sources were made after one that was not read to its end');
});

test('what is not read is bounded in bytes', () => {
  const sources = new BytesSources();
  const large = new Uint8Array(2 ** 26);
  for (let i = 0; i < 4; i++) sources.add(large, 0, large.length);
  sources.close(sources.find(2)!);
  sources.add(large, 0, large.length);
  expect(() => sources.add(some, 0, 1)).toThrow('unread bytes sources hold over 268435456 bytes');
});

test('the next call begins with 1 and with nothing held', () => {
  const sources = new BytesSources();
  for (let i = 0; i < 5000; i++) sources.close(sources.find(sources.add(some, 0, 100))!);
  sources.add(some, 0, 100);
  sources.closeAll();
  expect(sources.find(5001)).toBe(undefined);
  expect(sources.add(some, 3, 5)).toBe(1);
  expect(sources.find(1)).toMatchObject({ at: 3, end: 5 });
});

const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant('add' as const) },
  { weight: 3, arbitrary: fc.nat(10_000) },
  { weight: 1, arbitrary: fc.constant('end' as const) },
);
property.prop([fc.array(step, { maxLength: 300, size: 'max' })])('behaves like a map', (steps) => {
  const sources = new BytesSources();
  const open = new Map<number, Uint8Array>();
  let last = 0;
  for (const what of steps) {
    if (what === 'add') {
      const bytes = Uint8Array.of(last);
      expect(sources.add(bytes, 0, 1)).toBe(++last);
      open.set(last, bytes);
    } else if (what === 'end') {
      sources.closeAll();
      open.clear();
      last = 0;
    } else {
      const handle = what % (last + 2);
      expect(sources.find(handle)?.bytes).toBe(open.get(handle));
      if (!open.delete(handle)) continue;
      sources.close(sources.find(handle)!);
    }
  }
});
