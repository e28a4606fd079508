import { expect, test } from 'vitest';
import { checkHistory } from '../src/index.ts';
import { tx } from './history-text.ts';

test.each([
  {
    title: 'a dirty write: two transactions overwrite each other (G0)',
    history: [tx('A', 'a x 1, a y 3'), tx('B', 'a x 2, a y 4'), tx('C', 'r x [1 2]'), tx('D', 'r y [4 3]')],
    kinds: ['G0'],
  },
  {
    title: 'an aborted read of a list (G1a)',
    history: [tx('A', 'a x 1', { outcome: 'aborted' }), tx('B', 'r x [1]')],
    kinds: ['G1a'],
  },
  {
    title: 'an aborted read of a register (G1a)',
    history: [tx('A', 'w x 1', { outcome: 'aborted' }), tx('B', 'r x 1')],
    kinds: ['G1a'],
  },
  {
    title: 'an intermediate read of a list (G1b)',
    history: [tx('A', 'a x 1, a x 2'), tx('B', 'r x [1]'), tx('C', 'r x [1 2]')],
    kinds: ['G1b', 'G-single'],
  },
  {
    title: 'a part of what a transaction appended to one list (G1b)',
    history: [tx('A', 'a x 1, a x 2'), tx('B', 'r x [2]')],
    kinds: ['G1b'],
  },
  {
    title: 'an intermediate read of a register (G1b)',
    history: [tx('A', 'w x 1, w x 2'), tx('B', 'r x 1')],
    kinds: ['G1b'],
  },
  {
    title: 'two transactions that see each other (G1c)',
    history: [tx('A', 'a x 1, r y [2]'), tx('B', 'a y 2, r x [1]')],
    kinds: ['G1c'],
  },
  {
    title: 'registers that see each other (G1c)',
    history: [tx('A', 'w x 1, r y 2'), tx('B', 'w y 2, r x 1')],
    kinds: ['G1c'],
  },
  {
    title: 'half of a transaction (G-single)',
    history: [tx('A', 'a x 1, a y 2'), tx('B', 'r x [1], r y []'), tx('C', 'r y [2]')],
    kinds: ['G-single'],
  },
  {
    title: 'half of a transaction of which nobody else saw anything (G-single)',
    history: [tx('A', 'a x 1, a y 2'), tx('B', 'r x [1], r y []')],
    kinds: ['G-single'],
  },
  {
    title: 'half of a transaction whose client never heard of it (G-single)',
    history: [tx('A', 'a x 1, a y 2', { outcome: 'unknown' }), tx('B', 'r x [1], r y []')],
    kinds: ['G-single'],
  },
  {
    title: 'half of a write of registers (G-single)',
    history: [tx('A', 'w x 1, w y 2'), tx('B', 'r x 1, r y -')],
    kinds: ['G-single'],
  },
  {
    title: 'write skew (G2)',
    history: [tx('A', 'r x [], a y 1'), tx('B', 'r y [], a x 2'), tx('C', 'r x [2], r y [1]')],
    kinds: ['G2'],
  },
  {
    title: 'write skew of registers (G2)',
    history: [tx('A', 'r x -, w y 1'), tx('B', 'r y -, w x 2')],
    kinds: ['G2'],
  },
  {
    title: 'a lost update (G2): both replaced the same value',
    history: [tx('A', 'r x -, w x 1'), tx('B', 'r x 1, w x 2'), tx('C', 'r x 1, w x 3')],
    kinds: ['G2'],
  },
  {
    title: 'two that read the same list and appended to it (G-single)',
    history: [tx('A', 'r x [], a x 1'), tx('B', 'r x [], a x 2'), tx('C', 'r x [1 2]')],
    kinds: ['G-single'],
  },
  {
    title: 'a confirmed append that a later read does not have (G-single-realtime)',
    history: [tx('A', 'a x 1', { invokedAt: 1, completedAt: 2 }), tx('B', 'r x []', { invokedAt: 3, completedAt: 4 })],
    kinds: ['G-single-realtime'],
  },
  {
    title: 'a confirmed write that a later read does not have (G-single-realtime)',
    history: [tx('A', 'w x 1', { invokedAt: 1, completedAt: 2 }), tx('B', 'r x -', { invokedAt: 3, completedAt: 4 })],
    kinds: ['G-single-realtime'],
  },
  {
    title: 'a read that is older than what its session has seen (G-single-session)',
    history: [tx('A', 'a x 1'), tx('B', 'r x [1]', { session: 's' }), tx('C', 'r x []', { session: 's' })],
    kinds: ['G-single-session'],
  },
  {
    title: 'a session whose appends come in another order (G0-session)',
    history: [tx('A', 'a x 1', { session: 's' }), tx('B', 'a x 2', { session: 's' }), tx('C', 'r x [2 1]')],
    kinds: ['G0-session'],
  },
  {
    title: 'a read of what was written later (G1c-realtime)',
    history: [tx('A', 'r x [1]', { invokedAt: 1, completedAt: 2 }), tx('B', 'a x 1', { invokedAt: 3, completedAt: 4 })],
    kinds: ['G1c-realtime'],
  },
  {
    title: 'a long fork (G2): two readers see two writes in different orders',
    history: [tx('A', 'a x 1'), tx('B', 'a y 2'), tx('C', 'r x [1], r y []'), tx('D', 'r x [], r y [2]')],
    kinds: ['G2'],
  },
  {
    title: 'reads of which neither is the beginning of the other',
    history: [tx('A', 'a x 1'), tx('B', 'a x 2'), tx('C', 'r x [1 2]'), tx('D', 'r x [2]')],
    kinds: ['incompatible-order'],
  },
  { title: 'an element twice', history: [tx('A', 'a x 1'), tx('B', 'r x [1 1]')], kinds: ['duplicate'] },
  {
    title: 'a value that nobody wrote',
    history: [tx('A', 'r x [1]'), tx('B', 'r y 7')],
    kinds: ['garbage', 'garbage'],
  },
  { title: 'its own append missing', history: [tx('A', 'a x 1, r x []')], kinds: ['internal'] },
  { title: 'its own write missing', history: [tx('A', 'r x -, w x 1, r x -')], kinds: ['internal'] },
  {
    title: 'two reads in one transaction that differ',
    history: [tx('A', 'r x [], r x [1]'), tx('B', 'a x 1')],
    kinds: ['internal'],
  },
  {
    title: 'an aborted transaction that saw half of another',
    history: [tx('A', 'a x 1, a y 2'), tx('B', 'r x [1], r y []', { outcome: 'aborted' })],
    kinds: ['G-single'],
  },
])('finds $title', ({ history, kinds }) => {
  expect(checkHistory(history).map(({ kind }) => kind)).toEqual(kinds);
});

test.each([
  { title: 'nothing at all', history: [] },
  {
    title: 'one after the other',
    history: [
      tx('A', 'a x 1, w r 5', { invokedAt: 1, completedAt: 2 }),
      tx('B', 'r x [1], a x 2, r x [1 2], r r 5, w r 6, r r 6', { invokedAt: 3, completedAt: 4 }),
      tx('C', 'r x [1 2], r r 6', { invokedAt: 5, completedAt: 6 }),
    ],
  },
  {
    title: 'an unknown one that happened after all, though its client gave up',
    history: [
      tx('A', 'a x 1', { outcome: 'unknown', invokedAt: 1 }),
      tx('B', 'r x []', { invokedAt: 2, completedAt: 3 }),
      tx('C', 'r x [1]', { invokedAt: 4, completedAt: 5 }),
    ],
  },
  {
    title: 'an unknown one that never happened',
    history: [tx('A', 'a x 1', { outcome: 'unknown' }), tx('B', 'r x []')],
  },
  { title: 'an aborted one that nobody saw', history: [tx('A', 'a x 1', { outcome: 'aborted' }), tx('B', 'r x []')] },
  {
    title: 'an old read, of one who may see old states',
    history: [tx('A', 'a x 1', { invokedAt: 1, completedAt: 2 }), tx('B', 'r x []', { completedAt: 9, session: 's' })],
  },
  {
    title: 'at the same time in either order',
    history: [tx('A', 'a x 1', { invokedAt: 1, completedAt: 5 }), tx('B', 'r x []', { invokedAt: 2, completedAt: 6 })],
  },
])('finds nothing wrong with $title', ({ history }) => {
  expect(checkHistory(history)).toEqual([]);
});

test('says who contradicts whom', () => {
  const history = [tx('A', 'a x 1, a y 2'), tx('B', 'r x [1], r y []')];
  expect(checkHistory(history)[0]?.message).toBe(
    'no order of these is possible: B read [] from y, to which it appended (rw A); A appended 1 to x, which it read (wr B)',
  );
});

test('a value that two transactions write makes a history that says nothing', () => {
  expect(() => checkHistory([tx('A', 'a x 1'), tx('B', 'a x 1')])).toThrow('B writes 1 to x a second time');
});
