import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

/** Records the milliseconds since the start at which wake-ups come. */
function record() {
  const clock = new FakeClock();
  const start = clock.nowMicros();
  const calls: string[] = [];
  const note = (name: string): void => void calls.push(`${name}@${(clock.nowMicros() - start) / 1000n}`);
  const wakeIn = (milliseconds: number, name: string, then?: () => void) =>
    clock.wakeAt(start + BigInt(milliseconds) * 1000n, () => {
      note(name);
      then?.();
    });
  return { clock, calls, note, wakeIn };
}

test('wake-ups come in the order of their times, equal ones in the order of setting, each at its time', async () => {
  const { clock, calls, wakeIn } = record();
  wakeIn(30, 'c');
  wakeIn(10, 'a');
  wakeIn(20, 'b1');
  wakeIn(20, 'b2');
  await clock.advance(25);
  expect(calls).toEqual(['a@10', 'b1@20', 'b2@20']);
  await clock.advance(5);
  expect(calls.at(-1)).toBe('c@30');
  expect(clock.wakeUpCount).toBe(0);
});

test('wake-ups that others set on the way come in their turn', async () => {
  const { clock, calls, wakeIn } = record();
  wakeIn(10, 'a', () => wakeIn(15, 'b', () => wakeIn(3, 'overdue')));
  wakeIn(20, 'c');
  await clock.advance(20);
  expect(calls).toEqual(['a@10', 'b@15', 'overdue@15', 'c@20']);
});

test('the clock waits for promises and deferred work before it moves on', async () => {
  const { clock, calls, note, wakeIn } = record();
  wakeIn(10, 'a', () => {
    void Promise.resolve()
      .then(() => note('promise'))
      .then(() => clock.defer(() => clock.defer(() => note('deferred'))));
  });
  wakeIn(20, 'b');
  await clock.advance(20);
  expect(calls).toEqual(['a@10', 'promise@10', 'deferred@10', 'b@20']);
});

test('what was deferred before is done before the clock moves', async () => {
  const { clock, calls, note, wakeIn } = record();
  clock.defer(() => {
    note('deferred');
    wakeIn(5, 'set by it');
  });
  await clock.advance(20);
  expect(calls).toEqual(['deferred@0', 'set by it@5']);
});

test('nothing comes outside of advance, and advance(0) brings what is due', async () => {
  const { clock, calls, wakeIn } = record();
  wakeIn(0, 'now');
  wakeIn(-5, 'overdue');
  await new Promise(setImmediate);
  expect(calls).toEqual([]);
  await clock.advance(0);
  expect(calls).toEqual(['overdue@0', 'now@0']);
});

test('a cancelled wake-up never comes', async () => {
  const { clock, calls, wakeIn } = record();
  const late = wakeIn(20, 'late');
  wakeIn(10, 'a', () => late.cancel());
  await clock.advance(60);
  expect(calls).toEqual(['a@10']);
});

test('a clock set forward brings what is due by it, one set back makes nobody wait longer', async () => {
  const { clock, calls, wakeIn } = record();
  wakeIn(50, 'forward');
  clock.jump(60);
  await clock.advance(0);
  wakeIn(100, 'back');
  clock.jump(-1000);
  await clock.advance(39);
  expect(calls).toEqual(['forward@60']);
  await clock.advance(1);
  expect(calls).toEqual(['forward@60', 'back@-900']);
});

test('it moves at once where nothing is due, and refuses what makes no sense', async () => {
  const { clock, wakeIn } = record();
  const before = clock.nowMicros();
  const moving = clock.advance(5);
  expect(clock.nowMicros() - before).toBe(5000n);
  await moving;
  await expect(clock.advance(-1)).rejects.toThrow(RangeError);
  wakeIn(10, 'a');
  const first = clock.advance(10);
  await expect(clock.advance(10)).rejects.toThrow('await the advance() before');
  await first;
});
