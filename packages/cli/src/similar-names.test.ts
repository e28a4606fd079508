import { expect, test } from 'vitest';
import { similarNames } from './similar-names.ts';

const names = ['send_message', 'set_name', 'add', 'sell'];

test.each([
  { wanted: 'send_mesage', similar: ['send_message'] },
  { wanted: 'SendMessage', similar: ['send_message'] },
  { wanted: 'setname', similar: ['set_name'] },
  { wanted: 'ad', similar: ['add'] },
  { wanted: 'nothing_like_it', similar: [] },
])('$wanted is like $similar', ({ wanted, similar }) => {
  expect(similarNames(wanted, names)).toEqual(similar);
});
