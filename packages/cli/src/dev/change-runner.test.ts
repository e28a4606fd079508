import { expect, test } from 'vitest';
import { ChangeRunner } from './change-runner.ts';
import type { DelayTimers } from './change-runner.ts';

/** Time that passes when it is told to. */
class StepTimers implements DelayTimers {
  #waiting: (() => void)[] = [];

  after(_ms: number, callback: () => void): () => void {
    this.#waiting.push(callback);
    return () => (this.#waiting = this.#waiting.filter((other) => other !== callback));
  }

  pass(): void {
    for (const callback of this.#waiting.splice(0)) callback();
  }
}

function build(): { runner: ChangeRunner; timers: StepTimers; runs: PromiseWithResolvers<void>[] } {
  const timers = new StepTimers();
  const runs: PromiseWithResolvers<void>[] = [];
  const run = (): Promise<void> => {
    const started = Promise.withResolvers<void>();
    runs.push(started);
    return started.promise;
  };
  return { runner: new ChangeRunner(run, 50, timers), timers, runs };
}

/** Lets what has been resolved go on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test('changes that come close together are one run, after it has been quiet', () => {
  const { runner, timers, runs } = build();
  for (let i = 0; i < 5; i++) runner.noteChange();
  expect(runs).toHaveLength(0);
  timers.pass();
  expect(runs).toHaveLength(1);
});

test('changes during a run are one more run after it, however many they are', async () => {
  const { runner, timers, runs } = build();
  runner.noteChange();
  timers.pass();
  for (let i = 0; i < 3; i++) {
    runner.noteChange();
    timers.pass();
  }
  await settle();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await settle();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await settle();
  expect(runs).toHaveLength(2);
  runner.noteChange();
  timers.pass();
  expect(runs).toHaveLength(3);
});

test('stopping waits for the run, and nothing runs afterwards', async () => {
  const { runner, timers, runs } = build();
  runner.noteChange();
  timers.pass();
  runner.noteChange();
  timers.pass();
  let isStopped = false;
  const stopped = runner.stop().then(() => (isStopped = true));
  await settle();
  expect(isStopped).toBe(false);
  runs[0]?.resolve();
  await stopped;
  runner.noteChange();
  timers.pass();
  await settle();
  expect(runs).toHaveLength(1);
});
