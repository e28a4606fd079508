import { expect, test } from 'vitest';
import { tooOldNode } from './version-text.ts';

test.each([
  ['18.20.8', true],
  ['22.12.0', true],
  ['24.0.0', false],
  ['26.1.0', false],
])('Node %s is too old: %s', (version, isTooOld) => {
  expect(tooOldNode(version)?.includes(version) ?? false).toBe(isTooOld);
});
