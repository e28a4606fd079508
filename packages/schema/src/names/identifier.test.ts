import { expect, test } from 'vitest';
import { identifierProblem } from './identifier.ts';

test.each(['a', '_', '_1', 'select', 'größe', '表', 'x\u0301y', 'ℓ'])('%j is an identifier', (name) => {
  expect(identifierProblem(name)).toBeUndefined();
});

test.each([
  { name: '', message: 'Empty' },
  { name: 'cafe\u0301', message: 'normalization form C' },
  { name: '1a', message: "starting character '1'" },
  { name: '😀', message: "starting character '😀'" },
  { name: '\u0301a', message: 'starting character' },
  { name: 'a-b', message: "character '-'" },
  { name: 'a b', message: "character ' '" },
  { name: 'a😀', message: "character '😀'" },
  { name: 'a\n', message: 'XID_continue' },
])('$name is none', ({ name, message }) => {
  expect(identifierProblem(name)).toContain(message);
});
