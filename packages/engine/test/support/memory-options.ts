import type { DatabaseOptions } from '../../src/database-options.ts';
import { type FakeClock, testIdentity } from '../../src/testing/index.ts';

/** What the database of a test runs on: memory and a clock that stands still until it is moved. A failure fails the test. */
export function memoryOptions(clock: FakeClock, deliver: DatabaseOptions['deliver']): DatabaseOptions {
  return {
    identity: testIdentity('database'),
    log: undefined,
    clock,
    timers: clock,
    defer: clock.defer,
    moduleLog: () => {},
    deliver,
    onFailure: (error) => {
      throw error;
    },
  };
}
