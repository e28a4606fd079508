import type { CommitLog } from '@lightcone/commitlog';
import { beforeEach, expect, test } from 'vitest';
import { RoomWatch } from './room-watch.ts';
import { FakeClock } from './testing/fake-clock.ts';

const SECOND = 1000;

let clock: FakeClock;
/** What the log is asked for, one look after another. */
let looks: PromiseWithResolvers<boolean>[];
let told: number;
let watch: RoomWatch;
beforeEach(() => {
  clock = new FakeClock();
  looks = [];
  told = 0;
  const lookForRoom = (): Promise<boolean> => {
    const look = Promise.withResolvers<boolean>();
    looks.push(look);
    return look.promise;
  };
  const log = { lookForRoom } as unknown as CommitLog; // nothing else of it is used
  watch = new RoomWatch(log, clock, clock, () => told++);
});

test('it looks every second until there is room, and tells it once', async () => {
  await clock.advance(SECOND - 1);
  expect(looks).toHaveLength(0);
  await clock.advance(1);
  looks[0]!.resolve(false);
  await settled();
  await clock.advance(SECOND);
  expect(looks).toHaveLength(2);
  expect(told).toBe(0);
  looks[1]!.resolve(true);
  await settled();
  expect(told).toBe(1);
  await clock.advance(10 * SECOND);
  expect(looks).toHaveLength(2);
});

test('a look that fails is not the last one', async () => {
  await clock.advance(SECOND);
  looks[0]!.reject(new Error('EIO'));
  await settled();
  expect(told).toBe(0);
  await clock.advance(SECOND);
  expect(looks).toHaveLength(2);
});

test('closed while it looks, it is closed after that, and tells nothing', async () => {
  await clock.advance(SECOND);
  let isClosed = false;
  const closing = watch.close().then(() => (isClosed = true));
  await settled();
  expect(isClosed).toBe(false);
  looks[0]!.resolve(true);
  await closing;
  await clock.advance(10 * SECOND);
  expect([looks.length, told]).toEqual([1, 0]);
});

test('closed while it waits, it looks no more', async () => {
  await watch.close();
  await clock.advance(10 * SECOND);
  expect(looks).toHaveLength(0);
});

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
