import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { OpenRequests } from './open-requests.ts';

test('a client that goes away in the middle of a body is counted once: nobody waits for it, and all for the others', async () => {
  const server = createServer((request) => request.on('error', () => {}).resume());
  const requests = new OpenRequests(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const begin = async (): Promise<() => Promise<unknown>> => {
    const socket = connect(port, '127.0.0.1');
    const [[, response]] = await Promise.all([
      once(server, 'request') as Promise<[unknown, NodeJS.EventEmitter]>,
      once(socket, 'connect').then(() => socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nx')),
    ]);
    return () => {
      const closed = once(response, 'close');
      socket.destroy();
      return closed;
    };
  };
  await (
    await begin()
  )();
  const end = await begin();
  let isOver = false;
  const none = requests.whenNone(60_000).then(() => (isOver = true));
  await new Promise((done) => setImmediate(done));
  expect(isOver).toBe(false);
  await end();
  await none;
  await once(server.close(), 'close');
});
