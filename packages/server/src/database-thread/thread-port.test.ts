import { MessageChannel } from 'node:worker_threads';
import type { DatabaseLogRecord } from '@lightcone/engine';
import { expect, test } from 'vitest';
import type { FromDatabase } from './messages.ts';
import { ThreadPort } from './thread-port.ts';

type Message = Exclude<FromDatabase, ArrayBuffer>;

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

test('the lines of one turn cross together, before the answer', async () => {
  const messages = await crossing((port) => {
    port.log(record('one'));
    port.log(record('two'));
  });
  expect(messages.map(({ tag }) => tag)).toEqual(['log', 'answer']);
  expect(linesOf(messages)).toHaveLength(2);
});

test('lines without end cross in pieces and stop at 16 MiB, but for the reason why it ended', async () => {
  const long = 'x'.repeat(100_000);
  const messages = await crossing((port) => {
    for (let count = 0; count < 10_000; count++) port.log(record(long));
    port.log(record('this was too much', 'Panic'));
  });
  const pieces = messages.filter((message) => message.tag === 'log');
  expect(pieces.length).toBeGreaterThan(10);
  for (const { lines } of pieces) expect(lines.length).toBeLessThan(2 * 1024 * 1024);
  const lines = linesOf(messages);
  const kept = lines.length - 2;
  expect(kept * long.length).toBeLessThan(18 * 1024 * 1024);
  expect(lines.at(-2)).toContain('this was too much');
  expect(lines.at(-1)).toContain(`${10_000 - kept} log lines were dropped`);
});

test('the next turn may log again', async () => {
  const { port1, port2 } = new MessageChannel();
  let text = '';
  const seen = new Promise<void>((resolve) => {
    port2.on('message', (message: Message) => {
      if (message.tag === 'log') text += message.lines;
      if (text.includes('the next turn')) resolve();
    });
  });
  const port = new ThreadPort(port1);
  for (let count = 0; count < 200; count++) port.log(record('x'.repeat(100_000)));
  await Promise.resolve();
  port.log(record('the next turn'));
  await expect(seen).resolves.toBeUndefined();
  port.close();
});
