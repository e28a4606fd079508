import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { Heap } from './heap.ts';
import { PendingSchedule, isDueBefore } from './scheduler/pending-schedule.ts';

const AT = { tag: 'Time', micros: 0n } as const;

function drain(queue: Heap<PendingSchedule>): PendingSchedule[] {
  const drained: PendingSchedule[] = [];
  for (let first = queue.takeFirst(); first !== undefined; first = queue.takeFirst()) drained.push(first);
  return drained;
}

const inOrder = (entries: readonly PendingSchedule[]): PendingSchedule[] =>
  entries.toSorted((a, b) => Number(a.dueMicros - b.dueMicros) || a.tableId - b.tableId || Number(a.id - b.id));

const operation = fc.record({
  kind: fc.constantFrom('add', 'add', 'renew', 'remove', 'changeAll'),
  which: fc.nat(1000),
  due: fc.nat(20),
  table: fc.nat(2),
});

property.prop([fc.array(operation, { maxLength: 200, size: 'max' })])(
  'any history leaves what a sorted list would have',
  (operations) => {
    const queue = new Heap(isDueBefore);
    const model: PendingSchedule[] = [];
    operations.forEach(({ kind, which, due, table }, i) => {
      const entry = model[which % Math.max(model.length, 1)];
      if (kind === 'add' || entry === undefined) {
        const added = new PendingSchedule(table, BigInt(i), AT, BigInt(due));
        model.push(added);
        queue.add(added);
      } else if (kind === 'renew') {
        queue.remove(entry);
        entry.dueMicros = BigInt(due);
        queue.add(entry);
      } else if (kind === 'remove') {
        model.splice(model.indexOf(entry), 1);
        queue.remove(entry);
        expect(entry.position).toBe(-1);
      } else {
        queue.changeAll((each) => {
          each.dueMicros = each.dueMicros > 10n ? each.dueMicros - 10n : each.dueMicros;
        });
      }
      expect(queue.length).toBe(model.length);
      expect(queue.first()).toBe(inOrder(model)[0]);
    });
    expect(drain(queue)).toEqual(inOrder(model));
  },
);

test('with 100,000 entries each change costs a few comparisons, and changes leave nothing behind', () => {
  const COUNT = 100_000;
  let comparisons = 0;
  const queue = new Heap<PendingSchedule>((a, b) => {
    comparisons++;
    return isDueBefore(a, b);
  });
  // A fixed sequence that is far from sorted.
  const dueOf = (i: number): bigint => BigInt((i * 48_271) % 99_991);
  const entries = Array.from({ length: COUNT }, (_, i) => new PendingSchedule(1, BigInt(i), AT, dueOf(i)));
  const costOf = (run: () => void): number => {
    const before = comparisons;
    run();
    return comparisons - before;
  };
  const LIMIT = 2 * Math.ceil(Math.log2(COUNT)) + 2;

  expect(costOf(() => entries.forEach((entry) => queue.add(entry)))).toBeLessThan(COUNT * LIMIT);
  for (let i = 0; i < COUNT; i++) {
    const entry = entries[(i * 7919) % COUNT]!;
    const cost = costOf(() => {
      queue.remove(entry);
      entry.dueMicros = dueOf(i + 1);
      queue.add(entry);
    });
    expect(cost).toBeLessThanOrEqual(2 * LIMIT);
  }
  expect(queue.length).toBe(COUNT);
  for (let i = 0; i < COUNT; i += 2) expect(costOf(() => queue.remove(entries[i]!))).toBeLessThanOrEqual(LIMIT);
  expect(queue.length).toBe(COUNT / 2);
  expect(costOf(() => drain(queue))).toBeLessThan((COUNT / 2) * LIMIT);
});
