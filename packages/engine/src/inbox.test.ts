import { expect, test } from 'vitest';
import { EngineError } from './errors.ts';
import { Inbox } from './inbox.ts';
import { FakeClock } from './testing/fake-clock.ts';
import { Turns } from './turns.ts';

test('what waits when nothing begins any more is not waited for: who asked is called, and hears it there', async () => {
  const clock = new FakeClock();
  const deferred: (() => void)[] = [];
  const defer = (run: () => void): number => deferred.push(run);
  const nothing = (): void => {};
  const turns = new Turns(clock, defer, nothing, nothing);
  const inbox = new Inbox(turns, clock, defer, nothing);
  turns.begin();
  await clock.advance(1);
  expect(turns.look()).toBe(false);
  const called: string[] = [];
  for (const [asker, what] of [['a', 'first'], ['b', 'second'], ['a', 'third']] as const) inbox.ask(asker, () => called.push(what)); // prettier-ignore
  expect(called).toEqual([]);
  turns.refuse(new EngineError('ENGINE_LOG_FAILED', 'the log failed'));
  for (const run of deferred.splice(0)) run();
  expect(called.toSorted()).toEqual(['first', 'second', 'third']);
  expect(deferred).toEqual([]);
});
