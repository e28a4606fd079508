import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type Operation, type RecordedTransaction, checkHistory } from '../src/index.ts';
import { hasSerialOrder } from './all-orders.ts';

const KEYS = ['x', 'y'];
const numRuns = Number(process.env['LIGHTCONE_HISTORY_RUNS'] ?? 1500);

type Plan = { readonly key: number; readonly verb: 'append' | 'readList' | 'write' | 'readRegister' };

const plans = fc.array(
  fc.array(
    fc.record({
      key: fc.nat(KEYS.length - 1),
      verb: fc.constantFrom<Plan['verb']>('append', 'readList', 'write', 'readRegister'),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 5 },
);

/** Whose steps come next, and what of the world goes wrong on the way: a step reads an old state, or one is lost. */
const noise = fc.array(fc.record({ who: fc.nat(4), fault: fc.nat(9) }), { minLength: 15, maxLength: 15 });

/** Runs the steps of the transactions in any interleaving, on lists and registers without any isolation. */
function record(
  plan: readonly (readonly Plan[])[],
  steps: readonly { who: number; fault: number }[],
  registersToo: boolean,
): RecordedTransaction[] {
  const lists = new Map<string, number[]>();
  const registers = new Map<string, number>();
  const operations: Operation[][] = plan.map(() => []);
  const times = plan.map(() => ({ invokedAt: -1, completedAt: -1 }));
  let value = 0;
  let time = 0;
  const step = (who: number, fault: number): void => {
    const own = operations[who]!; // there is one for each plan
    const next = plan[who]?.[own.length];
    if (next === undefined) return;
    if (own.length === 0) times[who]!.invokedAt = ++time;
    const key = KEYS[next.key] ?? 'x';
    const list = lists.get(key) ?? [];
    const isList = !registersToo || next.verb === 'append' || next.verb === 'readList';
    if (isList) {
      if (next.verb === 'append' || next.verb === 'write') {
        value++;
        own.push({ kind: 'append', key, value });
        // The last fault loses a write.
        if (fault !== 9) lists.set(key, [...list, value]);
      } else own.push({ kind: 'readList', key, values: fault === 8 ? list.slice(0, -1) : list });
    } else if (next.verb === 'write') {
      value++;
      own.push({ kind: 'write', key: `register ${key}`, value });
      if (fault !== 9) registers.set(key, value);
    } else own.push({ kind: 'readRegister', key: `register ${key}`, value: registers.get(key) });
    if (own.length === plan[who]?.length) times[who]!.completedAt = ++time;
  };
  for (const { who, fault } of steps) step(who % plan.length, fault);
  plan.forEach((all, who) => all.forEach(() => step(who, 0)));
  const history = operations.map((all, who): RecordedTransaction => ({
    name: `T${who}`,
    outcome: 'committed',
    operations: all,
    ...times[who],
  }));
  // Somebody looks at everything afterwards, so that the order of the lists is known.
  const last = KEYS.map((key): Operation => ({ kind: 'readList', key, values: lists.get(key) ?? [] }));
  return [...history, { name: 'last', outcome: 'committed', operations: last, invokedAt: time + 1 }];
}

property.prop([plans, noise], { numRuns })(
  'of lists, finds something exactly if no order explains the history',
  (plan, steps) => {
    const history = record(plan, steps, false);
    expect(checkHistory(history).length === 0).toBe(hasSerialOrder(history));
  },
);

property.prop([plans, noise], { numRuns })(
  'of registers too, never finds anything if an order explains the history',
  (plan, steps) => {
    const history = record(plan, steps, true);
    if (hasSerialOrder(history)) expect(checkHistory(history)).toEqual([]);
  },
);

property.prop([plans], { numRuns })('finds nothing in histories that are serial', (plan) => {
  const serial = plan.flatMap((all, who) => all.map(() => ({ who, fault: 0 })));
  expect(checkHistory(record(plan, serial, true))).toEqual([]);
});
