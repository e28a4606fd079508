import { OutboundBatch } from '@lightcone/engine/gateway';
import { expect, test } from 'vitest';
import type { Connection } from './connection.ts';
import { FanOut } from './fan-out.ts';
import type { Frame, Packing } from './outbound-frame.ts';

/** What `FanOut` needs of a connection, which keeps the frames it gets. */
class FakeConnection {
  readonly outbound: Uint8Array[] = [];
  readonly frames: Frame[] = [];
  /** Frames per write. */
  readonly writes: number[] = [];
  readonly number: number;
  readonly joinsMessages: boolean;
  readonly packing: Packing;
  readonly closes: { code: number; afterFrames: number }[] = [];
  #queued = 0;

  constructor(number: number, protocol: 'v2' | 'v3', packing: Packing = 'None') {
    this.number = number;
    this.joinsMessages = protocol === 'v3';
    this.packing = packing;
  }
  queueFrame(frame: Frame): void {
    this.frames.push(frame);
    this.#queued++;
  }
  flush(): void {
    if (this.#queued > 0) this.writes.push(this.#queued);
    this.#queued = 0;
  }
  close(code: number): void {
    this.closes.push({ code, afterFrames: this.frames.length });
  }
}

function fanOutTo(...connections: readonly FakeConnection[]): FanOut {
  const fanOut = new FanOut();
  // Only the members above are used.
  for (const connection of connections) fanOut.add(connection as unknown as Connection);
  return fanOut;
}

function send(batch: OutboundBatch, numbers: readonly number[], payload: Uint8Array): void {
  batch.beginBroadcast(numbers);
  batch.writer.raw(payload);
  batch.end();
}

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

test('on v3 the messages of a batch go out as one frame, on v2 as one each, in one write', () => {
  const [v2, v3] = [new FakeConnection(1, 'v2'), new FakeConnection(2, 'v3')];
  const batch = new OutboundBatch();
  send(batch, [1, 2], bytes(2, 7));
  send(batch, [2], bytes(1, 8));
  send(batch, [1, 2], bytes(1, 9));
  fanOutTo(v2, v3).deliver(batch.take());
  expect(v3.frames.map((frame) => [...(frame as Buffer)])).toEqual([[0x82, 5, 0, 7, 7, 8, 9]]);
  expect(v2.frames.map((frame) => [...(frame as Buffer)])).toEqual([
    [0x82, 3, 0, 7, 7],
    [0x82, 2, 0, 9],
  ]);
  expect([v2.writes, v3.writes]).toEqual([[2], [1]]);
});

test('connections that get the same messages share the frame, compressed once per algorithm', () => {
  const connections = [1, 2, 3].map((number) => new FakeConnection(number, 'v3', 'Gzip'));
  const brotli = new FakeConnection(4, 'v3', 'Brotli');
  const [first, second, third] = connections as [FakeConnection, FakeConnection, FakeConnection];
  const batch = new OutboundBatch();
  send(batch, [1, 4, 2, 3], bytes(2000, 1));
  send(batch, [3], bytes(1, 2));
  fanOutTo(...connections, brotli).deliver(batch.take());
  expect(first.frames[0]).toBe(second.frames[0]);
  expect(third.frames[0]).not.toBe(first.frames[0]);
  expect(brotli.frames[0]).not.toBe(first.frames[0]);
});

test('a v3 frame is cut before it passes 512 KiB; a longer message goes alone', () => {
  const connection = new FakeConnection(1, 'v3');
  const batch = new OutboundBatch();
  for (const kib of [256, 256, 1, 600, 1]) send(batch, [1], bytes(kib * 1024, 1));
  fanOutTo(connection).deliver(batch.take());
  const lengths = connection.frames.map((frame) => Math.floor((frame as Buffer).length / 1024));
  expect(lengths).toEqual([512, 1, 600, 1]);
});

test('a close comes after the messages before it; what is for connections that are gone is dropped', () => {
  const connection = new FakeConnection(1, 'v2');
  const batch = new OutboundBatch();
  send(batch, [1, 99], bytes(1, 1));
  batch.close(1, 1001, 'module exited');
  batch.close(99, 1001, 'module exited');
  fanOutTo(connection).deliver(batch.take());
  expect(connection.closes).toEqual([{ code: 1001, afterFrames: 1 }]);
});
