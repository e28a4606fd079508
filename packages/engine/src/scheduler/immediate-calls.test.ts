import { expect, test } from 'vitest';
import { ImmediateCalls } from './immediate-calls.ts';

const NO_ARGS = new Uint8Array(0);

test('calls come out in the order of asking, also when each asks for another', () => {
  const calls = new ImmediateCalls();
  for (let i = 0; i < 3; i++) calls.add(`call ${i}`, NO_ARGS);
  for (let i = 0; i < 20_000; i++) {
    expect(calls.take()?.functionName).toBe(`call ${i}`);
    calls.add(`call ${i + 3}`, NO_ARGS);
    expect(calls.length).toBe(3);
  }
});

test('there is a bound on their number and on the size of their arguments, and room again after a call', () => {
  const calls = new ImmediateCalls();
  let count = 0;
  while (calls.add('many', NO_ARGS)) count++;
  expect(count).toBe(65_536);
  calls.take();
  expect(calls.add('one more', NO_ARGS)).toBe(true);

  const large = new ImmediateCalls();
  const megabytes = new Uint8Array(33 * 1024 * 1024);
  expect(large.add('large', megabytes)).toBe(true);
  expect(large.add('large', megabytes)).toBe(false);
  large.take();
  expect(large.add('large', megabytes)).toBe(true);
  expect(large.length).toBe(1);
});
