import { expect, test } from 'vitest';
import { ReadingTurns } from './reading-turns.ts';

/** Connections whose pauses and resumes are written down, and a loop that is turned by hand. */
function record() {
  const events: string[] = [];
  let deferred: (() => void)[] = [];
  const turns = new ReadingTurns<{ pause(): void; resume(): void }>((run) => deferred.push(run));
  const connection = (name: string) => ({
    pause: () => void events.push(`pause ${name}`),
    resume: () => void events.push(`resume ${name}`),
  });
  const turn = (): string[] => {
    const due = deferred;
    deferred = [];
    for (const run of due) run();
    return events.splice(0);
  };
  return { turns, connection, turn, isIdle: () => deferred.length === 0 };
}

test('of those that are held one is read from in each turn, by rotation', () => {
  const { turns, connection, turn, isIdle } = record();
  const [a, b, c] = ['a', 'b', 'c'].map(connection) as [
    ReturnType<typeof connection>,
    ...ReturnType<typeof connection>[],
  ];
  for (const each of [a, b!, c!, a]) turns.hold(each);
  expect(turn()).toEqual(['pause a', 'pause b', 'pause c', 'resume a']);
  turns.hold(a);
  expect(turn()).toEqual(['pause a', 'resume b']);
  expect(turn()).toEqual(['resume c']);
  expect(turn()).toEqual(['resume a']);
  expect(isIdle()).toBe(true);
  turns.hold(b!);
  expect(turn()).toEqual(['pause b', 'resume b']);
});

test('one that has ended has no turn, and takes none from the others', () => {
  const { turns, connection, turn, isIdle } = record();
  const [a, b] = [connection('a'), connection('b')];
  turns.hold(a);
  turns.hold(b);
  turns.forget(a);
  expect(turn()).toEqual(['pause a', 'pause b', 'resume b']);
  turns.hold(a);
  turns.forget(a);
  expect(turn()).toEqual(['pause a']);
  expect(isIdle()).toBe(true);
});
