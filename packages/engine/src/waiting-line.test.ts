import { fc, test as property } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type InLine, WaitingLine } from './waiting-line.ts';

property.prop([
  fc.array(
    fc.oneof(
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }) },
      { weight: 1, arbitrary: fc.constant('next' as const) },
    ),
  ),
])('whoever has had the least is next, among equals whoever came first', (steps) => {
  const line = new WaitingLine<InLine>();
  const model: InLine[] = [];
  const next = (): InLine | undefined => {
    model.sort((a, b) => a.served - b.served || a.arrival - b.arrival);
    return model.shift();
  };
  steps.forEach((step, arrival) => {
    if (step === 'next') {
      const first = next();
      expect([line.first(), line.next()]).toEqual([first, first]);
      return;
    }
    const entry = { served: step, arrival };
    line.add(entry);
    model.push(entry);
  });
  while (model.length > 0) expect(line.next()).toBe(next());
  expect([line.length, line.next()]).toEqual([0, undefined]);
});
