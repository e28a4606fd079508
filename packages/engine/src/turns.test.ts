import { beforeEach, expect, test } from 'vitest';
import { EngineError } from './errors.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { Turns } from './turns.ts';

let clock: FakeClock;
let deferred: (() => void)[];
let done: string[];
let turns: Turns;
beforeEach(() => {
  clock = new FakeClock();
  deferred = [];
  done = [];
  turns = new Turns(
    clock,
    (run) => deferred.push(run),
    () => done.push('last step'),
    () => done.push('flush'),
  );
});

test('whatever begins while a turn is open joins it', () => {
  turns.begin();
  turns.begin();
  expect(deferred).toHaveLength(1);
  deferred[0]!();
  expect(done).toEqual(['last step', 'flush']);
  turns.begin();
  expect(deferred).toHaveLength(2);
});

test('a turn has a millisecond, and the next one has it again', async () => {
  turns.begin();
  await clock.advance(0.999);
  expect(turns.look()).toBe(true);
  await clock.advance(0.001);
  expect(turns.hasTime).toBe(true); // as it was looked at
  expect(turns.look()).toBe(false);
  expect(turns.hasTime).toBe(false);
  turns.end();
  turns.begin();
  expect(turns.hasTime).toBe(true);
  expect(turns.look()).toBe(true);
});

test('nothing begins after a refusal, whose first reason stays; what was open is flushed without its last step', () => {
  const [first, second] = [new EngineError('ENGINE_CLOSED', 'closed'), new EngineError('ENGINE_LOG_FAILED', 'failed')];
  turns.begin();
  turns.refuse(first);
  turns.refuse(second);
  expect(turns.refusal).toBe(first);
  expect(() => turns.begin()).toThrow(first);
  deferred[0]!();
  expect(done).toEqual(['flush']);
});
