import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, expect, test, vi } from 'vitest';
import { OpenRequests } from '../src/gateway/open-requests.ts';
import { startServer } from '../src/index.ts';
import { ModuleLog } from '../src/module-log/module-log.ts';
import { newUser, programs, publish } from './fixtures.ts';

/*
 * Requests that are sent before the answer to the one in front of them has ended, by clients that go away.
 */

afterEach(() => void vi.restoreAllMocks());

test('a request that never came to its answer is not waited for', async () => {
  const server = createServer();
  const requests = new OpenRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const both = new Promise<void>((resolve) => {
    let count = 0;
    server.on('request', () => ++count === 2 && resolve());
  });
  client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'.repeat(2));
  await both;
  client.destroy();
  // In time, or the test takes too long.
  await expect(requests.whenNone(2 ** 30)).resolves.toBeUndefined();
  server.close();
});

test('logs that are followed end with their client, and what waits behind them is never begun', async () => {
  const read = vi.spyOn(ModuleLog.prototype, 'read');
  await using server = await startServer({ listenAddress: '127.0.0.1:0' });
  const owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
  const client = connect(server.port, '127.0.0.1');
  const lines = [
    'GET /v1/database/chat/logs?follow=true HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${owner.token}`,
  ];
  client.write(`${lines.join('\r\n')}\r\n\r\n`.repeat(2));
  await vi.waitFor(() => expect(read).toHaveBeenCalledTimes(1));
  const streams = await Promise.all(read.mock.results.map(({ value }) => value as Promise<Readable>));
  const closed = Promise.all(streams.map((stream) => once(stream, 'close')));
  client.destroy();
  expect(await closed).toHaveLength(1);
  expect(read).toHaveBeenCalledTimes(1);
});
