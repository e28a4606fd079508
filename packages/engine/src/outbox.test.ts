import { beforeEach, expect, test } from 'vitest';
import { readOutboundBatch } from './outbound-batch.ts';
import { Outbox } from './outbox.ts';

let delivered: string[];
beforeEach(() => {
  delivered = [];
});

function deliver(batch: Uint8Array): void {
  readOutboundBatch(batch, {
    message: (_, payload) => delivered.push(new TextDecoder().decode(payload)),
    close: (_, __, reason) => delivered.push(`close: ${reason}`),
  });
}

function send(outbox: Outbox, isConfirmed: boolean, text: string): void {
  const lane = outbox.lane(isConfirmed);
  lane.begin(1);
  lane.writer.raw(new TextEncoder().encode(text));
  lane.end();
}

test('unconfirmed messages leave at the end of the turn, confirmed ones when they are durable', () => {
  const outbox = new Outbox(deliver, 4);
  outbox.committed(5);
  send(outbox, false, 'unconfirmed');
  send(outbox, true, 'confirmed');
  expect(delivered).toEqual([]);
  outbox.flush();
  expect(delivered).toEqual(['unconfirmed']);
  outbox.durable(5);
  expect(delivered).toEqual(['unconfirmed', 'confirmed']);
});

test('a turn is released only when its last transaction is durable, and turns keep their order', () => {
  const outbox = new Outbox(deliver, -1);
  outbox.committed(0);
  send(outbox, true, 'a');
  outbox.committed(1);
  send(outbox, true, 'b');
  outbox.flush();
  outbox.committed(2);
  send(outbox, true, 'c');
  outbox.flush();
  const waitingBytes = outbox.waitingBytes;
  outbox.durable(0);
  expect(delivered).toEqual([]);
  expect(outbox.waitingBytes).toBe(waitingBytes);
  outbox.durable(1);
  expect(delivered).toEqual(['a', 'b']);
  expect(outbox.waitingBytes).toBeGreaterThan(0);
  expect(outbox.waitingBytes).toBeLessThan(waitingBytes);
  outbox.durable(2);
  expect(delivered).toEqual(['a', 'b', 'c']);
  expect(outbox.waitingBytes).toBe(0);
});

test('an answer that depends on nothing new leaves at once, but never overtakes one that waits', () => {
  const outbox = new Outbox(deliver, 7);
  send(outbox, true, 'query');
  outbox.flush();
  expect(delivered).toEqual(['query']);
  outbox.committed(8);
  send(outbox, true, 'call');
  outbox.flush();
  send(outbox, true, 'second query');
  outbox.flush();
  expect(delivered).toEqual(['query']);
  outbox.durable(8);
  expect(delivered).toEqual(['query', 'call', 'second query']);
  send(outbox, true, 'third query');
  outbox.flush();
  expect(delivered.at(-1)).toBe('third query');
});

test('in memory nothing waits', () => {
  const outbox = new Outbox(deliver, Number.POSITIVE_INFINITY);
  outbox.committed(0);
  send(outbox, true, 'confirmed');
  outbox.flush();
  expect(delivered).toEqual(['confirmed']);
});

test('of a database that has failed nothing more is sent, but connections that were to end do', () => {
  const outbox = new Outbox(deliver, -1);
  outbox.committed(0);
  send(outbox, true, 'sealed');
  outbox.lane(true).close(1, 1001, 'module exited');
  outbox.flush();
  send(outbox, true, 'not sealed');
  outbox.lane(true).close(2, 1001, 'also');
  send(outbox, false, 'unconfirmed');
  for (const isConfirmed of [false, true]) {
    outbox.lane(isConfirmed).begin(3);
    outbox.lane(isConfirmed).writer.u32(1); // a message that was not finished
  }
  outbox.abandon();
  outbox.flush();
  outbox.durable(0);
  expect(delivered).toEqual(['close: module exited', 'close: also']);
});
