import { expect, test } from 'vitest';
import { RowIterators } from './row-iterators.ts';

const MOST = 2 ** 30;

test('scans take what the open ones have left', () => {
  const iterators = new RowIterators();
  const row = new Uint8Array(1000);
  const first = iterators.open();
  first.append(row, 0, 1000);
  iterators.filled(first);
  expect(iterators.open().maxBytes).toBe(MOST - 1000);
  iterators.close(first);
  expect(iterators.open().maxBytes).toBe(MOST);
});

test('a scan that failed gives back nothing that it has not taken', () => {
  const iterators = new RowIterators();
  const failed = iterators.open();
  failed.append(new Uint8Array(500), 0, 500);
  iterators.discard(failed);
  expect(iterators.open().maxBytes).toBe(MOST);
});

test('a row that is too much traps', () => {
  const rows = new RowIterators().open();
  rows.maxBytes = 15;
  rows.append(new Uint8Array(10), 0, 10);
  expect(() => rows.append(new Uint8Array(6), 0, 6)).toThrow(`open row iterators hold more than ${MOST} bytes`);
});

test('many open scans are gone with the call, and the next one begins as ever', () => {
  const iterators = new RowIterators();
  for (let round = 0; round < 3; round++) {
    for (let handle = 1; handle <= 4096; handle++) {
      const rows = iterators.open();
      rows.append(new Uint8Array(10), 0, 10);
      iterators.filled(rows);
    }
    expect(() => iterators.open()).toThrow('more than 4096 row iterators are open');
    iterators.closeAll();
    for (const handle of [1, 16, 17, 4096]) expect(iterators.find(handle)).toBe(undefined);
    const handles = Array.from({ length: 40 }, () => iterators.open().handle);
    expect(handles.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(iterators.find(40)!.maxBytes).toBe(MOST);
    iterators.closeAll();
  }
});

test('what the scans held that a call left open is free again, whichever they were', () => {
  const iterators = new RowIterators();
  const scans = Array.from({ length: 20 }, () => {
    const rows = iterators.open();
    rows.append(new Uint8Array(1000), 0, 1000);
    iterators.filled(rows);
    return rows;
  });
  for (const rows of scans.slice(0, 17)) iterators.close(rows);
  iterators.closeAll();
  expect(iterators.open().maxBytes).toBe(MOST);
});
