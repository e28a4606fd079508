import { expect, test } from 'vitest';
import { frameShare } from './frame-share.ts';

test('a client that is alone may have 128 frames at the database', () => {
  expect(frameShare(false, 0)).toBe(128);
  expect(frameShare(false, 1000)).toBe(128);
});

test('beside one that asks for little those that ask for much share 32, and have some each however many they are', () => {
  expect([0, 1, 4, 1000].map((greedyCount) => frameShare(true, greedyCount))).toEqual([32, 32, 8, 8]);
});
