import { expect, test } from 'vitest';
import type { AlgebraicType } from './algebraic-type.ts';
import { specialType } from './special-type.ts';
import type { SpecialType } from './special-type.ts';
import { types } from './types.ts';

test.each<[SpecialType | undefined, AlgebraicType]>([
  ['Identity', types.identity],
  ['ConnectionId', types.connectionId],
  ['Timestamp', types.timestamp],
  ['TimeDuration', types.timeDuration],
  ['Uuid', types.uuid],
  ['ScheduleAt', types.scheduleAt],
  ['Option', types.option(types.ref(7))],
  ['Result', types.result(types.u8, types.unit)],
  [undefined, types.product([['__identity__', types.u128]])],
  [
    undefined,
    types.product([
      ['__identity__', types.u256],
      ['more', types.u8],
    ]),
  ],
  [
    undefined,
    types.sum([
      ['none', types.unit],
      ['some', types.u8],
    ]),
  ],
  [
    undefined,
    types.sum([
      ['some', types.u8],
      ['none', types.u8],
    ]),
  ],
  [undefined, types.unit],
  [undefined, types.u256],
])('%s is told by its shape: %j', (name, type) => {
  expect(specialType(type)).toBe(name);
});
