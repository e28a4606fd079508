import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { piecesToMerge } from './compaction.ts';
import type { Piece } from './pieces.ts';
import { planPieces } from './plan.ts';
import { PositionSet } from './position-set.ts';

function piece(from: number, to: number, size = 1000, isComplete = true): Piece {
  const name = `${to === from + 1 ? 'log' : 'pack'}/${from}-${to}-${size}`;
  return { from, to, name, size, isComplete, objects: [{ key: name, size, modifiedAt: 0, etag: '' }] };
}

const segments = (from: number, to: number): Piece[] =>
  Array.from({ length: to - from }, (_, i) => piece(from + i, from + i + 1));

const namesOf = (pieces: readonly Piece[]): string[] => pieces.map(({ from, to }) => `${from}-${to}`);

describe('planPieces', () => {
  test('a device that lags behind a little reads a small pack and segments, a fresh one the large pack', () => {
    const pieces = [...segments(0, 20), piece(0, 16, 500_000), piece(16, 18, 2000), piece(0, 18, 500_000)];
    const lagging = planPieces(pieces, new PositionSet([{ from: 0, to: 16 }]), 20);
    expect(namesOf(lagging.pieces)).toEqual(['16-18', '18-19', '19-20']);
    expect(namesOf(planPieces(pieces, new PositionSet(), 20).pieces)).toEqual(['0-18', '18-19', '19-20']);
  });

  test('where a pack has more than is needed it is read nevertheless, never a segment that it has', () => {
    const pieces = [piece(0, 16), piece(10, 30), ...segments(28, 31)];
    const have = new PositionSet([{ from: 0, to: 29 }]);
    expect(namesOf(planPieces(pieces, have, 31).pieces)).toEqual(['10-30', '30-31']);
    // Also if the pack cannot be read: its segments may be others by now.
    const unreadable = new Set(['pack/10-30-1000']);
    expect(planPieces(pieces, have, 31, unreadable).holes).toEqual([{ from: 29, to: 30 }]);
  });

  test('a position that nothing has is a hole, and a pack that is not finished is nothing', () => {
    const pieces = [...segments(0, 3), ...segments(4, 6), piece(0, 6, 10, false)];
    expect(planPieces(pieces, new PositionSet(), 6).holes).toEqual([{ from: 3, to: 4 }]);
  });

  property.prop([
    fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 1_000_000 })), {
      maxLength: 20,
      size: 'max',
    }),
    fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 8 })), { maxLength: 4 }),
  ])('what is had, read and missing is everything, and no hole is where a piece is', (raw, had) => {
    const pieces = raw.map(([from, length, size]) => piece(from, from + length, size));
    const have = new PositionSet(had.map(([from, length]) => ({ from, to: from + length })));
    const head = Math.max(1, have.max, ...pieces.map(({ to }) => to));
    const plan = planPieces(pieces, have, head);
    const all = new PositionSet([...have.ranges, ...plan.pieces, ...plan.holes]);
    expect(all.contiguousTo).toBe(head);
    for (const hole of plan.holes) {
      for (let at = hole.from + 1; at <= hole.to; at++) {
        expect(have.has(at)).toBe(false);
        expect(pieces.filter(({ from, to }) => from < at && at <= to)).toEqual([]);
      }
    }
  });
});

property.prop([fc.array(fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 5 })))])(
  'a set of positions is what was added',
  (ranges) => {
    const set = new PositionSet(ranges.map(([from, length]) => ({ from, to: from + length })));
    const naive = new Set(ranges.flatMap(([from, length]) => Array.from({ length }, (_, i) => from + i + 1)));
    for (let at = 0; at < 30; at++) expect(set.has(at)).toBe(naive.has(at));
    expect(set.max).toBe(Math.max(0, ...naive));
  },
);

test.each([
  { sizes: [], merged: 0 },
  { sizes: [5], merged: 0 },
  { sizes: [100, 40, 20, 9], merged: 0 },
  { sizes: [1000, 1, 1, 1], merged: 3 },
  { sizes: [1000, 400, 300, 90, 20], merged: 4 },
  { sizes: [10, 6, 4], merged: 3 },
])('of pieces of the sizes $sizes, the last $merged are merged', ({ sizes, merged }) => {
  const pieces = sizes.map((size, i) => piece(i, i + 1, size));
  expect(piecesToMerge(pieces)).toEqual(pieces.slice(pieces.length - merged));
});
