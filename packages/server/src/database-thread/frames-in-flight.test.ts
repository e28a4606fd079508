import { expect, test } from 'vitest';
import { FrameBatch } from './frame-batch.ts';
import { FrameQueue } from './frame-queue.ts';
import { DoneBatches, FramesInFlight } from './frames-in-flight.ts';

const FRAME_BYTES = 10;
const BATCH_BYTES = FRAME_BYTES + 8;

interface Source {
  readonly number: number;
  readonly frames: FrameQueue;
}

function newSource(number: number): Source {
  return { number, frames: new FrameQueue() };
}

/** A batch that has a frame of each source. */
function cross(inFlight: FramesInFlight<Source>, ...sources: readonly Source[]): void {
  const batch = new FrameBatch<Source>();
  for (const source of sources) {
    batch.add(source, new Uint8Array(FRAME_BYTES), false);
    source.frames.crossed(FRAME_BYTES);
  }
  inFlight.add(batch);
}

test('what is done is taken off the books, in whatever order', () => {
  const inFlight = new FramesInFlight<Source>();
  const done = new DoneBatches(inFlight.slots);
  const [slow, quick] = [newSource(1), newSource(2)];
  cross(inFlight, slow);
  cross(inFlight, quick);
  const [slowDone, quickDone] = [done.next(), done.next()];
  inFlight.retire();
  expect(inFlight.byteLength).toBe(2 * BATCH_BYTES);
  quickDone();
  inFlight.retire();
  expect([slow.frames.length, quick.frames.length]).toEqual([1, 0]);
  expect(inFlight.byteLength).toBe(BATCH_BYTES);
  slowDone();
  inFlight.retire();
  expect([slow.frames.length, inFlight.byteLength]).toEqual([0, 0]);
});

test('one that is not done holds up one of a thousand others, until it is', () => {
  const inFlight = new FramesInFlight<Source>();
  const done = new DoneBatches(inFlight.slots);
  const [slow, quick] = [newSource(1), newSource(2)];
  cross(inFlight, slow);
  const slowDone = done.next();
  for (let i = 0; i < 3000; i++) {
    cross(inFlight, quick);
    done.next()();
    inFlight.retire();
  }
  expect([slow.frames.length, quick.frames.length]).toEqual([1, 2]);
  slowDone();
  inFlight.retire();
  expect([slow.frames.length, quick.frames.length]).toEqual([0, 0]);
});
