import { beforeEach, expect, test } from 'vitest';
import { ImmediateCalls } from './immediate-calls.ts';

const NO_ARGS = new Uint8Array(0);

let dropped: string[];
let endedTurns: number;
let calls: ImmediateCalls;
beforeEach(() => {
  dropped = [];
  endedTurns = 0;
  calls = new ImmediateCalls({ endSoon: () => endedTurns++ }, (functionName) => dropped.push(functionName));
});

test('calls come out in the order of asking, also when each asks for another', () => {
  for (let i = 0; i < 3; i++) calls.ask(`call ${i}`, NO_ARGS);
  for (let i = 0; i < 20_000; i++) {
    expect(calls.take()?.functionName).toBe(`call ${i}`);
    calls.ask(`call ${i + 3}`, NO_ARGS);
    expect(calls.length).toBe(3);
  }
  expect(endedTurns).toBe(20_003);
  expect(dropped).toEqual([]);
});

test('there is a bound on their number, and room again after a call', () => {
  for (let i = 0; i < 65_537; i++) calls.ask(`call ${i}`, NO_ARGS);
  expect(calls.length).toBe(65_536);
  expect(dropped).toEqual(['call 65536']);
  calls.take();
  calls.ask('one more', NO_ARGS);
  expect(calls.length).toBe(65_536);
  expect(dropped).toHaveLength(1);
});

test('there is a bound on the size of their arguments, and room again after a call', () => {
  const megabytes = new Uint8Array(33 * 1024 * 1024);
  for (const name of ['first', 'second']) calls.ask(name, megabytes);
  expect(dropped).toEqual(['second']);
  calls.take();
  calls.ask('third', megabytes);
  expect(calls.take()?.functionName).toBe('third');
});

test('who is only looked at asks for none', () => {
  expect(calls.askingNone(() => calls.ask('looked at', NO_ARGS))).toBe(undefined);
  expect(() =>
    calls.askingNone(() => {
      throw new Error('no module');
    }),
  ).toThrow('no module');
  expect([calls.length, endedTurns]).toEqual([0, 0]);
  calls.ask('afterwards', NO_ARGS);
  expect(calls.length).toBe(1);
});
