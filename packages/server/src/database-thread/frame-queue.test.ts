import { expect, test } from 'vitest';
import { FrameQueue } from './frame-queue.ts';

const frame = (length: number) => ({ bytes: new Uint8Array(length), isText: false });

test('of small frames as many may be at the database as its client may have there', () => {
  const queue = new FrameQueue();
  for (let i = 0; i < 128; i++) {
    expect(queue.mayCross(128)).toBe(true);
    queue.crossed(10);
  }
  expect(queue.mayCross(128)).toBe(false);
  queue.done(10);
  expect(queue.mayCross(128)).toBe(true);
  expect(queue.length).toBe(127);
});

test('of large frames it may be a megabyte, and the one that goes over it', () => {
  const queue = new FrameQueue();
  queue.crossed(1024 * 1024 - 1);
  expect(queue.mayCross(128)).toBe(true);
  queue.crossed(32 * 1024 * 1024);
  expect(queue.mayCross(128)).toBe(false);
});

test('frames come back in their order, and every byte is counted', () => {
  const queue = new FrameQueue();
  let sent = 0;
  let taken = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 17; i++) queue.wait(frame(sent++));
    for (let i = 0; i < 13; i++) expect(queue.take().bytes.length).toBe(taken++);
    expect(queue.waitingCount).toBe(sent - taken);
    expect(queue.waitingBytes).toBe((sent * (sent - 1) - taken * (taken - 1)) / 2);
  }
  queue.drop();
  expect([queue.length, queue.waitingBytes]).toEqual([0, 0]);
});

test('with more than 4 MiB waiting it is full, until half of it is gone', () => {
  const queue = new FrameQueue();
  for (let i = 0; i < 5; i++) queue.wait(frame(1024 * 1024));
  expect(queue.isFull).toBe(true);
  queue.take();
  queue.take();
  expect([queue.isFull, queue.isHalfEmpty]).toEqual([false, false]);
  queue.take();
  expect(queue.isHalfEmpty).toBe(true);
});
