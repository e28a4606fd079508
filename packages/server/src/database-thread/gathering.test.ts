import { expect, test } from 'vitest';
import { Gathering } from './gathering.ts';

/** A loop whose turns bring so many things each; tells how many were in each batch, and when it was finished. */
function batchesOf(arrivals: readonly number[]): { turn: number; size: number }[] {
  const batches: { turn: number; size: number }[] = [];
  let deferred: (() => void)[] = [];
  let size = 0;
  let turn = 0;
  const gathering = new Gathering(
    () => size,
    () => {
      batches.push({ turn, size });
      size = 0;
    },
    (run) => deferred.push(run),
  );
  for (; turn < arrivals.length || deferred.length > 0; turn++) {
    for (let i = 0; i < (arrivals[turn] ?? 0); i++) {
      size++;
      gathering.begin();
    }
    const due = deferred;
    deferred = [];
    for (const run of due) run();
  }
  return batches;
}

test.each([
  { name: 'what comes alone waits for one turn that brings nothing', arrivals: [1], batches: [{ turn: 1, size: 1 }] },
  {
    name: 'what comes in turns that follow one another is one batch',
    arrivals: [3, 2],
    batches: [{ turn: 2, size: 5 }],
  },
  {
    name: 'a batch waits four turns at most, however much each brings',
    arrivals: [1, 1, 1, 1, 1, 1],
    batches: [
      { turn: 3, size: 4 },
      { turn: 6, size: 2 },
    ],
  },
  {
    name: 'a batch that is large waits no longer',
    arrivals: [100, 28, 5],
    batches: [
      { turn: 1, size: 128 },
      { turn: 3, size: 5 },
    ],
  },
  {
    name: 'a turn that brings nothing ends a batch',
    arrivals: [2, 0, 0, 1],
    batches: [
      { turn: 1, size: 2 },
      { turn: 4, size: 1 },
    ],
  },
])('$name', ({ arrivals, batches }) => {
  expect(batchesOf(arrivals)).toEqual(batches);
});

test('a batch that was taken away before its time ends the gathering, and the next begins anew', () => {
  let size = 0;
  const finished: number[] = [];
  const deferred: (() => void)[] = [];
  const gathering = new Gathering(
    () => size,
    () => finished.push(size),
    (run) => deferred.push(run),
  );
  size = 5;
  gathering.begin();
  deferred.shift()?.();
  size = 0;
  deferred.shift()?.();
  expect(finished).toEqual([0]);
  size = 1;
  gathering.begin();
  expect(deferred).toHaveLength(1);
});
