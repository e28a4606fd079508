import { expect, test } from 'vitest';
import { OutboundBatch, readOutboundBatch } from './outbound-batch.ts';

function read(batch: Uint8Array): unknown[] {
  const records: unknown[] = [];
  readOutboundBatch(batch, {
    message: (numbers, payload) => records.push(['message', [...numbers], [...payload]]),
    close: (number, code, reason) => records.push(['close', number, code, reason]),
  });
  return records;
}

test('records come back in the order of writing', () => {
  const batch = new OutboundBatch();
  batch.begin(7);
  batch.writer.u32(0x01020304);
  batch.end();
  batch.beginBroadcast([1, 2, 4_000_000_000]);
  batch.end();
  batch.close(7, 1008, 'no');
  expect(read(batch.take())).toEqual([
    ['message', [7], [4, 3, 2, 1]],
    ['message', [1, 2, 4_000_000_000], []],
    ['close', 7, 1008, 'no'],
  ]);
  expect(batch.isEmpty).toBe(true);
});

test('a large batch has memory of its own, like a small one', () => {
  const batch = new OutboundBatch();
  const taken = [20_000_000, 10, 9_000_000, 20_000_000].map((length, i) => {
    batch.begin(i);
    batch.writer.raw(new Uint8Array(length).fill(i));
    batch.end();
    return batch.take();
  });
  for (const [i, bytes] of taken.entries()) {
    readOutboundBatch(bytes, {
      message: (numbers, payload) => expect([numbers, payload.at(0), payload.at(-1)]).toEqual([[i], i, i]),
      close: () => {},
    });
  }
  expect(new Set(taken.map(({ buffer }) => buffer)).size).toBe(4);
});

test.each([
  { reason: 'x'.repeat(200), kept: 'x'.repeat(123) },
  { reason: 'ü'.repeat(100), kept: 'ü'.repeat(61) },
  { reason: '😀'.repeat(40), kept: '😀'.repeat(30) },
])('a close reason is cut to 123 bytes between characters: $reason', ({ reason, kept }) => {
  const batch = new OutboundBatch();
  batch.close(1, 1011, reason);
  expect(read(batch.take())).toEqual([['close', 1, 1011, kept]]);
});
