import { connect } from 'node:net';
import { fc, test as property } from '@fast-check/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { newUser, programs, publish } from './fixtures.ts';
import type { User } from './fixtures.ts';
import { message, packet, PostgresClient, startup } from './postgres-client.ts';

let server: RunningServer;
let address: string;
let owner: User;

/** Publishing takes a while on a busy machine. */
const HOOK_TIMEOUT_MS = 60_000;

beforeAll(async () => {
  server = await startServer({ listenAddress: '127.0.0.1:0', postgresPort: 0 });
  address = server.postgresAddress ?? '';
  owner = await newUser(server.url);
  await publish(server.url, 'chat', owner, programs.chat);
}, HOOK_TIMEOUT_MS);
afterAll(() => server.close());

async function expectHealthy(): Promise<void> {
  using client = await PostgresClient.login(address, 'chat', owner.token);
  expect(await client.query('SELECT * FROM message')).toMatchObject({ error: undefined });
}

/** Sends bytes, closes its side, and waits for the server to close its own. @returns what the server said */
function sendAndWait(bytes: Uint8Array): Promise<Buffer> {
  const { hostname, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeInt32BE(value, 4 * i));
  return bytes;
}

describe('an introduction that is none', () => {
  test.each([
    {
      what: 'a length that does not cover itself',
      bytes: int32(3, 0),
      error: '08P01 invalid length of startup packet: 3',
    },
    { what: 'a negative length', bytes: int32(-1, 0), error: '08P01 invalid length of startup packet: -1' },
    { what: 'two gigabytes', bytes: int32(0x7fff_ffff, 0), error: '54000 startup packet of 2147483647 bytes' },
    { what: 'one byte too many', bytes: int32(10_001), error: '54000 startup packet of 10001 bytes: at most 10000' },
    { what: 'version 2', bytes: packet(0x2_0000), error: '0A000 unsupported frontend protocol 2.0' },
    { what: 'version 65535', bytes: int32(8, -1), error: '0A000 unsupported frontend protocol 65535.65535' },
    { what: 'no parameters', bytes: packet(0x3_0000), error: '08P01 invalid startup packet layout' },
    { what: 'a name without value', bytes: packet(0x3_0000, Buffer.from('a\0\0')), error: '08P01 invalid startup' },
    { what: 'no end', bytes: packet(0x3_0000, Buffer.from('a\0b')), error: '08P01 invalid startup packet layout' },
    { what: 'a request of HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n'), error: '54000 startup packet of' },
    { what: 'a hello of TLS', bytes: Buffer.from('16030100c8010000c403', 'hex'), error: '54000 startup packet of' },
  ])('$what: $error', async ({ bytes, error }) => {
    using client = await PostgresClient.connect(address);
    client.send(bytes);
    expect(await client.nextError()).toContain(`FATAL ${error}`);
    expect(await client.rest()).toHaveLength(0);
  });
});

describe('a message that is none', () => {
  test.each([
    { what: 'an unknown kind', bytes: Buffer.from('?'), error: '08P01 invalid frontend message type 63' },
    { what: 'a kind that is no letter', bytes: Buffer.from([0xff]), error: '08P01 invalid frontend message type 255' },
    { what: 'copied data', bytes: message('d', 'x'), error: '08P01 invalid frontend message type 100' },
    { what: 'a length that does not cover itself', bytes: Buffer.from('Q\0\0\0\x03'), error: '08P01 invalid length' },
    { what: 'two gigabytes', bytes: Buffer.from('Q\x7f\xff\xff\xff', 'latin1'), error: '54000 message of 2147483647' },
    { what: 'no zero byte', bytes: message('Q', 'SELECT'), error: '08P01 invalid text in message' },
    { what: 'no text at all', bytes: message('Q', ''), error: '08P01 invalid text in message' },
    { what: 'a zero byte inside', bytes: message('Q', 'SEL\0ECT\0'), error: '08P01 invalid text in message' },
    { what: 'a second password', bytes: message('p', 'again\0'), error: '08P01 unexpected password message' },
    { what: 'a function call', bytes: message('F', ''), error: '08P01 This feature is not implemented.' },
    { what: 'a prepared statement', bytes: message('P', '\0SELECT 1\0\0\0'), error: '08P01 This feature is not' },
  ])('$what: $error', async ({ bytes, error }) => {
    using client = await PostgresClient.login(address, 'chat', owner.token);
    client.send(bytes);
    expect(await client.nextError()).toContain(`FATAL ${error}`);
    expect(await client.rest()).toHaveLength(0);
  });

  test('a statement beyond the limit is refused by its length, while the client is still sending', async () => {
    using client = await PostgresClient.login(address, 'chat', owner.token);
    client.send(message('Q', Buffer.alloc(8 * 1024 * 1024, 0x20)));
    expect(await client.nextError()).toContain('FATAL 54000 message of 8388612 bytes: at most 2097152 are read');
  });

  test('a statement at the limit that comes in small pieces is read whole; what is wrong with it is for SQL to say', async () => {
    using client = await PostgresClient.login(address, 'chat', owner.token);
    const text = `SELECT * FROM message${' '.repeat(2 * 1024 * 1024 - 4 - 1 - 21)}\0`;
    const bytes = message('Q', text);
    for (let at = 0; at < bytes.length; at += 1000) client.socket.write(bytes.subarray(at, at + 1000));
    expect(await client.nextError()).toContain('ERROR XX000 (Sql) SQL query exceeds maximum allowed length');
    await client.next('Z');
    expect((await client.query('SELECT * FROM message')).error).toBeUndefined();
  });

  test('before the password, nothing else is even waited for', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ database: 'chat' }));
    await client.next('R');
    client.send(Buffer.from('Q'));
    expect(await client.nextError()).toBe('FATAL 08P01 expected a password message');
  });

  test('a password longer than any is refused', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ database: 'chat' }));
    await client.next('R');
    client.send(message('p', `${'x'.repeat(70_000)}\0`));
    expect(await client.nextError()).toContain('FATAL 54000 message of 70005 bytes: at most 65535');
  });

  test('text of a client that comes back cannot forge another field', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ database: 'x"\nC00000' }), message('p', 'x\0'));
    await client.next('R');
    expect(await client.nextError()).toBe('FATAL 3D000 database "x"\nC00000" does not exist');
  });
});

test('a session cut off at any byte ends, and leaves the server as it was', async () => {
  const whole = Buffer.concat([
    packet(80_877_103),
    startup({ user: 'a', database: 'chat' }),
    message('p', `${owner.token}\0`),
    message('Q', 'SELECT * FROM message\0'),
    message('X', ''),
  ]);
  const answers = await Promise.all(Array.from(whole, (_, length) => sendAndWait(whole.subarray(0, length))));
  for (const answer of answers) expect(['', 'N']).toContain(answer.subarray(0, 1).toString());
  await expectHealthy();
});

const bytes = fc.uint8Array({ maxLength: 300, size: 'max' });

property.prop([bytes], { numRuns: 60 })('random bytes as an introduction end in an error or silence', async (noise) => {
  const answer = await sendAndWait(noise);
  expect(['', 'E', 'N', 'R', 'v']).toContain(answer.subarray(0, 1).toString('latin1'));
});

property.prop([bytes], { numRuns: 60 })(
  'random bytes after the password end the session, and only that',
  async (noise) => {
    const hello = Buffer.concat([startup({ database: 'chat' }), message('p', `${owner.token}\0`)]);
    const answer = await sendAndWait(Buffer.concat([hello, noise]));
    expect(answer.subarray(0, 1).toString()).toBe('R');
    await expectHealthy();
  },
);
