import { expect, test } from 'vitest';
import { FrameShares } from './frame-shares.ts';

const MODEST = 1;
const GREEDY = 2;

test('a client that is alone may have 128 frames at the database', () => {
  const shares = new FrameShares();
  expect(shares.framesFor(GREEDY, 0)).toBe(128);
  // With the first of many nothing else of it was under way.
  shares.heard(GREEDY);
  expect(shares.framesFor(GREEDY, 1)).toBe(128);
});

test('beside one that asks for little those that ask for much share 32, and have some each however many they are', () => {
  const shares = new FrameShares();
  shares.heard(MODEST);
  expect(shares.framesFor(GREEDY, 0)).toBe(32);
  expect(shares.framesFor(GREEDY, 1)).toBe(32);
  expect(shares.framesFor(GREEDY, 4)).toBe(8);
  expect(shares.framesFor(GREEDY, 1000)).toBe(8);
});

test('who asks for little counts until it is gone, or was not heard for long', () => {
  const shares = new FrameShares();
  shares.heard(MODEST);
  for (let i = 0; i < 1000; i++) shares.looked();
  expect(shares.framesFor(GREEDY, 1)).toBe(32);
  shares.heard(MODEST);
  shares.looked();
  expect(shares.framesFor(GREEDY, 1)).toBe(32);
  for (let i = 0; i < 1000; i++) shares.looked();
  expect(shares.framesFor(GREEDY, 1)).toBe(128);
  shares.heard(MODEST);
  shares.forget(GREEDY);
  expect(shares.framesFor(GREEDY, 1)).toBe(32);
  shares.forget(MODEST);
  expect(shares.framesFor(GREEDY, 1)).toBe(128);
});
