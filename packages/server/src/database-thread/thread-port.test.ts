import { MessageChannel } from 'node:worker_threads';
import type { DatabaseLogRecord } from '@lightcone/engine';
import { expect, test } from 'vitest';
import type { FromDatabase } from './messages.ts';
import { ThreadPort } from './thread-port.ts';

type Message = Exclude<FromDatabase, ArrayBuffer | Uint8Array>;

function record(message: string, level: DatabaseLogRecord['level'] = 'Info'): DatabaseLogRecord {
  return {
    level,
    timestampMicros: 0,
    target: undefined,
    fileName: undefined,
    lineNumber: undefined,
    message,
    trace: undefined,
    functionName: 'test',
  };
}

/** What crosses until the answer with id 1 does. */
async function crossing(work: (port: ThreadPort) => void): Promise<Message[]> {
  const { port1, port2 } = new MessageChannel();
  const messages: Message[] = [];
  const answered = new Promise<void>((resolve) => {
    port2.on('message', (message: Message) => {
      messages.push(message);
      if (message.tag === 'answer') resolve();
    });
  });
  const port = new ThreadPort(port1);
  work(port);
  port.answer(1, undefined);
  await answered;
  port.close();
  return messages;
}

function linesOf(messages: readonly Message[]): string[] {
  const texts = messages.flatMap((message) => (message.tag === 'log' ? [message.lines] : []));
  return texts.join('').split('\n').slice(0, -1);
}

test('a batch crosses whole, whether or not it fills its memory', async () => {
  const { port1, port2 } = new MessageChannel();
  const port = new ThreadPort(port1);
  const received: unknown[] = [];
  const all = new Promise<void>((resolve) => port2.on('message', (batch) => received.push(batch) === 2 && resolve()));
  const batches = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5, 6, 7).subarray(0, 3)];
  for (const batch of batches) port.deliver(batch);
  await all;
  expect(received).toEqual([Uint8Array.of(1, 2, 3).buffer, Uint8Array.of(4, 5, 6)]);
  expect(batches.map(({ length }) => length)).toEqual([0, 0]);
  port.close();
});

test('the lines of one turn cross together, before the answer', async () => {
  const messages = await crossing((port) => {
    port.log(record('one'));
    port.log(record('two'));
  });
  expect(messages.map(({ tag }) => tag)).toEqual(['log', 'answer']);
  expect(linesOf(messages)).toHaveLength(2);
});

test('many lines cross in pieces, as no string can hold all that a turn may log', async () => {
  const long = 'x'.repeat(100_000);
  const messages = await crossing((port) => {
    for (let count = 0; count < 200; count++) port.log(record(`${count} ${long}`));
  });
  const pieces = messages.filter((message) => message.tag === 'log');
  expect(pieces.length).toBeGreaterThan(10);
  for (const { lines } of pieces) expect(lines.length).toBeLessThan(2 * 1024 * 1024);
  const counts = linesOf(messages).map((line) =>
    Number.parseInt((JSON.parse(line) as { message: string }).message, 10),
  );
  expect(counts).toEqual(Array.from({ length: 200 }, (_, count) => count));
  expect(messages.at(-1)?.tag).toBe('answer');
});

test('what callers may know crosses as a failure; mistakes of ours, those in the use of the store and of Node included, end the thread', async () => {
  const refusal = Object.assign(new Error('no'), { code: 'ENGINE_UPDATE_REJECTED' });
  const messages = await crossing((port) => {
    port.fail(7, refusal);
    const coded = ['STORE_CORRUPT', 'ERR_INVALID_ARG_TYPE'].map((code) => Object.assign(new Error('a bug'), { code }));
    for (const mistake of [new Error('a bug'), ...coded]) {
      expect(() => port.fail(8, mistake)).toThrow(mistake);
    }
  });
  expect(messages).toEqual([
    { tag: 'failure', id: 7, code: 'ENGINE_UPDATE_REJECTED', message: 'no' },
    { tag: 'answer', id: 1 },
  ]);
});
