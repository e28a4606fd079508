import { expect, test } from 'vitest';
import { CommitTimes, readCommitTimes } from '../src/index.ts';
import { steadyDisk } from './log-content.ts';

const second = (n: number): number => 1_800_000_000_000_000 + n * 1_000_000;

test('times come back, of any stretch of the log', async () => {
  const disk = steadyDisk();
  const times = await CommitTimes.open(disk, 'db', 0, 0);
  for (let i = 0; i < 50; i++) times.note(i * 3, second(i));
  await times.close();
  for (const [first, end] of [
    [0, 150],
    [0, 1],
    [3, 4],
    [4, 6],
    [10, 100],
    [147, 148],
    [148, 999],
    [200, 300],
  ] as const) {
    const expected = Array.from({ length: 50 }, (_, i) => ({ txOffset: i * 3, micros: second(i) }));
    const wanted = expected.filter(({ txOffset }) => txOffset >= first && txOffset < end);
    expect(await readCommitTimes(disk, 'db', first, end)).toEqual(wanted);
  }
});

test('one entry is enough for a tenth of a second', async () => {
  const disk = steadyDisk();
  const times = await CommitTimes.open(disk, 'db', 0, 0);
  for (let i = 0; i < 1000; i++) times.note(i, second(0) + i * 1000);
  await times.close();
  expect((await readCommitTimes(disk, 'db', 0, 1000)).map(({ txOffset }) => txOffset)).toEqual(
    Array.from({ length: 10 }, (_, i) => i * 100),
  );
});

test('a clock that was set back does not keep times from being noted', async () => {
  const disk = steadyDisk();
  const times = await CommitTimes.open(disk, 'db', 0, 0);
  times.note(0, second(100));
  times.note(1, second(40));
  await times.close();
  expect(await readCommitTimes(disk, 'db', 0, 2)).toEqual([
    { txOffset: 0, micros: second(100) },
    { txOffset: 1, micros: second(40) },
  ]);
});

test('times of transactions that were lost go when the log is opened again', async () => {
  const disk = steadyDisk();
  const before = await CommitTimes.open(disk, 'db', 0, 0);
  for (let i = 0; i < 10; i++) before.note(i, second(i));
  await before.close();
  const after = await CommitTimes.open(disk, 'db', 0, 6);
  after.note(6, second(60));
  await after.close();
  const found = await readCommitTimes(disk, 'db', 5, 100);
  expect(found).toEqual([
    { txOffset: 5, micros: second(5) },
    { txOffset: 6, micros: second(60) },
  ]);
});

test('times of transactions that the log let go of go, too, when there are many', async () => {
  const disk = steadyDisk();
  const before = await CommitTimes.open(disk, 'db', 0, 0);
  for (let i = 0; i < 10_000; i++) before.note(i, second(i));
  await before.close();
  const kept = await CommitTimes.open(disk, 'db', 1000, 10_000);
  await kept.close();
  expect(await readCommitTimes(disk, 'db', 0, 10_000)).toHaveLength(10_000);
  const moved = await CommitTimes.open(disk, 'db', 9000, 10_000);
  moved.note(10_000, second(10_000));
  await moved.close();
  const left = await readCommitTimes(disk, 'db', 0, 20_000);
  expect(left).toEqual(Array.from({ length: 1001 }, (_, i) => ({ txOffset: 9000 + i, micros: second(9000 + i) })));
});

test('a file that cannot be written costs times and nothing else', async () => {
  const disk = steadyDisk();
  const times = await CommitTimes.open(disk, 'db', 0, 0);
  disk.failAfter('write', 0);
  times.note(0, second(0));
  await times.close();
  times.note(1, second(1));
  await times.close();
  expect(await readCommitTimes(disk, 'db', 0, 100)).toEqual([]);
  expect(await readCommitTimes(disk, 'nowhere', 0, 100)).toEqual([]);
});
