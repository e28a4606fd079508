import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeClientMessage } from '@lightcone/protocol';
import { ByteWriter } from '@lightcone/sats';
import { expect, test, vi } from 'vitest';
import { Databases } from '../src/databases.ts';
import { WebSocketGateway } from '../src/gateway/websocket-gateway.ts';
import { startServer } from '../src/index.ts';
import { textArgs } from './client.ts';
import { newUser, programs, publish, sql } from './fixtures.ts';

const TEXT = 'a'.repeat(80);
/** Of the text, in a chunk of their own. */
const LAST_BYTES = 50;

/** A frame with a call of `add_label`, of which the last bytes look on the wire like a frame. */
function frameLikeTwo(): Buffer {
  const writer = new ByteWriter();
  writeClientMessage(writer, { tag: 'CallReducer', requestId: 1, reducer: 'add_label', args: textArgs(TEXT) });
  const payload = writer.finish();
  const innerAt = payload.length - LAST_BYTES;
  const mask = [1, 2, 3, 4];
  const letter = TEXT.charCodeAt(0);
  mask[innerAt % 4] = 0x82 ^ letter;
  mask[(innerAt + 1) % 4] = 0x80 ^ (LAST_BYTES - 2 - 4) ^ letter;
  const masked = payload.map((byte, i) => byte ^ mask[i % 4]!);
  return Buffer.from([0x82, 0x80 | 126, payload.length >> 8, payload.length & 0xff, ...mask, ...masked]);
}

test('what a client sends before it has the answer to its upgrade belongs to its frames', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lightcone-early-frames-'));
  const server = await startServer({ listenAddress: '127.0.0.1:0', dataDir: folder });
  const owner = await newUser(server.url);
  await publish(server.url, 'test', owner, programs.test);
  const upgrade = vi.spyOn(WebSocketGateway.prototype, 'upgrade');
  const mayOpen = Promise.withResolvers<void>();
  vi.spyOn(Databases.prototype, 'open').mockImplementationOnce(async function (this: Databases, record) {
    await mayOpen.promise;
    return this.open(record);
  });

  const client = connect(server.port, '127.0.0.1');
  client.write(
    'GET /v1/database/test/subscribe HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n' +
      'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n' +
      'Sec-WebSocket-Protocol: v2.bsatn.spacetimedb\r\n\r\n',
  );
  const frame = frameLikeTwo();
  const [begin, rest] = [frame.subarray(0, -LAST_BYTES), frame.subarray(-LAST_BYTES)];
  await expect.poll(() => upgrade.mock.calls.length).toBe(1);
  client.write(begin);
  const socket = upgrade.mock.calls[0]![1];
  await expect.poll(() => socket.readableLength).toBe(begin.length);
  mayOpen.resolve();
  await once(client, 'data');
  client.write(rest);
  await expect
    .poll(() => sql(server.url, 'test', owner, 'SELECT text FROM label'), { timeout: 5000 })
    .toEqual([[TEXT]]);

  client.destroy();
  vi.restoreAllMocks();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
