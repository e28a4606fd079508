import type { SnapshotObject } from '@lightcone/commitlog';
import type { CapturedTable } from '@lightcone/store';
import { expect, test } from 'vitest';
import type { PagePlace } from './snapshot-contents.ts';
import { sparseObjects } from './sparse-objects.ts';

const MIB = 1024 * 1024;

/** An object that is stored. */
function objectOf(byteLength: number, id: string): SnapshotObject {
  return { byteLength, id } as SnapshotObject; // nothing else of it is looked at
}

/** A table with a page for each of these places. */
function table(...places: readonly PagePlace[]): CapturedTable<PagePlace> {
  return { id: 4096, pages: places.map((place) => ({ rowCount: 1, place })) };
}

test('an object goes when less than half of it is of use, in pages of whatever tables', () => {
  const [half, less] = [objectOf(4 * MIB, 'half'), objectOf(4 * MIB, 'less')];
  const tables = [
    table([{ object: half, start: 0, end: MIB }], [{ object: less, start: 0, end: MIB }]),
    table([{ object: half, start: 3 * MIB, end: 4 * MIB }], [{ object: less, start: MIB, end: 2 * MIB - 1 }]),
  ];
  expect(sparseObjects(tables)).toEqual(new Set(['less']));
});

test.each([
  { count: 8, byteLength: MIB - 1, goes: false },
  { count: 9, byteLength: MIB - 1, goes: true },
  { count: 9, byteLength: MIB, goes: false },
])('of $count objects of $byteLength bytes, all of use, all go: $goes', ({ count, byteLength, goes }) => {
  const ids = Array.from({ length: count }, (_, i) => `object ${i}`);
  const places = ids.map((id) => [{ object: objectOf(byteLength, id), start: 0, end: byteLength }]);
  expect(sparseObjects([table(...places)])).toEqual(new Set(goes ? ids : []));
});

test('the objects of a row that has several stay, though the last one is nearly empty', () => {
  const objects = Array.from({ length: 12 }, (_, i) => objectOf(i === 11 ? 5 : 4 * MIB, `object ${i}`));
  const row = objects.map((object) => ({ object, start: 0, end: Math.min(object.byteLength, 4) }));
  expect(sparseObjects([table(row)])).toEqual(new Set());
});
