import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startServer } from '../src/index.ts';
import type { RunningServer } from '../src/index.ts';
import { authorization, newUser, programs, publish, sql } from './fixtures.ts';
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
  await publish(server.url, 'types', owner, programs.test);
  await publish(server.url, 'people', owner, programs.person);
  await publish(server.url, 'chat', owner, programs.chat);
}, HOOK_TIMEOUT_MS);
afterAll(() => server.close());

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.end()));
});

async function connect(database: string, user: User): Promise<Client> {
  const { hostname, port } = new URL(`tcp://${address}`);
  const client = new Client({ host: hostname, port: Number(port), database, user: 'any', password: user.token });
  await client.connect();
  open.push(client);
  return client;
}

async function call(database: string, user: User, reducer: string, args: readonly unknown[]): Promise<void> {
  const response = await fetch(`${server.url}/v1/database/${database}/call/${reducer}`, {
    method: 'POST',
    headers: { ...authorization(user), 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  expect(response.status, await response.text()).toBe(200);
}

describe('the npm client `pg`', () => {
  test('gets a row of every type in the types of PostgreSQL', async () => {
    await call('types', owner, 'put_extremes', [1]);
    const client = await connect('types', owner);
    const { rows, fields, command, rowCount } = await client.query('SELECT * FROM every_type WHERE id = 1');
    expect({ command, rowCount }).toEqual({ command: 'SELECT', rowCount: 1 });
    expect(rows).toMatchObject([
      {
        id: '1',
        a_bool: true,
        a_u_8: 255,
        a_u_16: 65_535,
        a_u_32: '4294967295',
        an_i_64: '-9223372036854775808',
        a_u_256: '115792089237316195423570985008687907853269984665640564039457584007913129639935',
        an_f_32: 1.1754944e-38,
        an_f_64: Number.MAX_VALUE,
        a_string: 'Grüße, 世界 🚀',
        some_bytes: Buffer.from([0, 1, 254, 255]),
        some_numbers: [-2_147_483_648, 0, 2_147_483_647],
        some_texts: ['', 'two'],
        a_nested_option: { some: { none: {} } },
        a_result: { err: 'no' },
        a_product: { x: -0.5, y: 1e30 },
        a_unit: {},
        a_sum: {
          polygon: [
            { x: 1, y: 2 },
            { x: 3, y: 4 },
          ],
        },
        a_plain_enum: 'darkBlue',
        an_identity: Buffer.from(owner.identity, 'hex'),
        a_connection_id: Buffer.alloc(16, 0xff),
        a_uuid: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
        a_schedule_at: { Time: '1970-01-01T00:00:00+00:00' },
      },
    ]);
    const oids = new Map(fields.map(({ name, dataTypeID }) => [name, dataTypeID]));
    expect(oids.get('a_timestamp')).toBe(1114);
    expect(oids.get('a_time_duration')).toBe(1186);
    expect(oids.get('a_plain_enum')).toBe(3500);
  });

  test('changes rows, and goes on after an error', async () => {
    const client = await connect('people', owner);
    await client.query("INSERT INTO person (id, name, age) VALUES (7, 'Ada', 36)");
    await expect(client.query('SELECT * FROM nobody')).rejects.toMatchObject({
      severity: 'ERROR',
      code: 'XX000',
      message: expect.stringContaining('(Sql) '),
    });
    expect((await client.query('SELECT name FROM person WHERE id = 7')).rows).toEqual([{ name: 'Ada' }]);
    expect(await sql(server.url, 'people', owner, 'SELECT name FROM person WHERE id = 7')).toEqual([['Ada']]);
  });

  test('is told that there are no statements with parameters', async () => {
    const client = await connect('people', owner);
    client.on('error', () => undefined); // the connection ends as well
    await expect(client.query('SELECT * FROM person WHERE id = $1', [7])).rejects.toMatchObject({
      severity: 'FATAL',
      code: '08P01',
      message: 'This feature is not implemented.',
    });
  });

  test('has a session of its own: databases and people do not mix, however statements interleave', async () => {
    const other = await newUser(server.url);
    const clients = await Promise.all([connect('people', owner), connect('chat', owner), connect('people', other)]);
    const [people, chat, stranger] = clients as [Client, Client, Client];
    for (let i = 0; i < 20; i++) {
      const [first, second, third] = await Promise.allSettled([
        people.query('SELECT * FROM st_table'), // the owner alone may
        chat.query('SELECT * FROM message'),
        stranger.query('SELECT * FROM st_table'),
      ]);
      expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'fulfilled', 'rejected']);
      await expect(people.query('SELECT * FROM message')).rejects.toThrow('(Sql)');
      await expect(chat.query('SELECT * FROM person')).rejects.toThrow('(Sql)');
    }
  });
});

describe('who gets in', () => {
  test.each([
    { database: 'nowhere', password: 'token', error: 'FATAL 3D000 database "nowhere" does not exist' },
    { database: 'people', password: '', error: 'FATAL 28P01 Invalid token: ' },
    { database: 'people', password: 'a.b.c', error: 'FATAL 28P01 Invalid token: ' },
  ])('$database with password "$password": $error', async ({ database, password, error }) => {
    const token = password === 'token' ? owner.token : password;
    await expect(PostgresClient.login(address, database, token)).rejects.toThrow(error);
  });

  test.each([
    { what: 'an empty subject', claims: { sub: '' }, error: 'FATAL 28000 Invalid token: Subject empty' },
    {
      what: 'an issuer that is too long',
      claims: { iss: 'i'.repeat(129) },
      error: 'FATAL 28000 Invalid token: Issuer too long',
    },
    {
      what: 'the identity of somebody else',
      claims: { hex_identity: 'c2'.repeat(32) },
      error: 'FATAL 28000 Invalid token: Identity mismatch',
    },
    { what: 'no time of issue', claims: { iat: undefined }, error: 'FATAL 28P01 Invalid token: JSON error' },
    { what: 'an end long ago', claims: { exp: 1 }, error: 'FATAL 28P01 Invalid token: ExpiredSignature' },
  ])('a token with $what: $error', async ({ claims, error }) => {
    const [header = '', payload = '', signature = ''] = owner.token.split('.');
    const changed = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), ...claims };
    const token = [header, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
    await expect(PostgresClient.login(address, 'people', token)).rejects.toThrow(error);
  });

  test('a database is found by its name alone', async () => {
    const names = await fetch(`${server.url}/v1/database/people/identity`);
    const identity = await names.text();
    expect(identity).toMatch(/^[0-9a-f]{64}$/u);
    await expect(PostgresClient.login(address, identity, owner.token)).rejects.toThrow('3D000');
  });

  test('a database must be named', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ user: 'people' }));
    expect(await client.nextError()).toBe('FATAL 3D000 Database name is required');
    expect(await client.rest()).toHaveLength(0);
  });

  test('nothing runs before the password', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ database: 'people' }), message('Q', 'SELECT * FROM person\0'));
    await client.next('R');
    expect(await client.nextError()).toBe('FATAL 08P01 expected a password message');
  });

  test('a database that is deleted ends its sessions at their next statement', async () => {
    await publish(server.url, 'short-lived', owner, programs.chat);
    using client = await PostgresClient.login(address, 'short-lived', owner.token);
    await fetch(`${server.url}/v1/database/short-lived`, { method: 'DELETE', headers: authorization(owner) });
    client.send(message('Q', 'SELECT * FROM message\0'));
    expect(await client.nextError()).toBe('FATAL 3D000 database "short-lived" does not exist');
    expect(await client.rest()).toHaveLength(0);
  });
});

describe('the introduction', () => {
  test('encryption is declined with one byte, and the client may go on without', async () => {
    using client = await PostgresClient.connect(address);
    client.send(packet(80_877_104));
    expect(String(await client.raw(1))).toBe('N');
    client.send(packet(80_877_103));
    expect(String(await client.raw(1))).toBe('N');
    client.send(startup({ database: 'people' }));
    expect((await client.next('R')).body.readInt32BE(0)).toBe(3);
  });

  test('who asks for encryption again and again is sent away', async () => {
    using client = await PostgresClient.connect(address);
    client.send(packet(80_877_103), packet(80_877_103), packet(80_877_103));
    expect(String(await client.raw(2))).toBe('NN');
    expect(await client.nextError()).toBe('FATAL 08P01 too many requests for encryption');
  });

  test('a request to cancel gets no answer, as in PostgreSQL', async () => {
    using client = await PostgresClient.connect(address);
    client.send(packet(80_877_102, Buffer.alloc(8)));
    expect(await client.rest()).toHaveLength(0);
  });

  test('a newer minor version and options of the protocol are negotiated away', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ database: 'people', '_pq_.fancy': 'yes' }, 0x3_0002));
    const { body } = await client.next('v');
    expect([body.readInt32BE(0), body.readInt32BE(4), body.subarray(8).toString()]).toEqual([0, 1, '_pq_.fancy\0']);
    await client.next('R');
  });

  test('after the password, the server tells of itself', async () => {
    using client = await PostgresClient.connect(address);
    client.send(startup({ user: 'ada', database: 'people', application_name: 'test' }));
    await client.next('R');
    client.send(message('p', `${owner.token}\0`));
    expect((await client.next('R')).body.readInt32BE(0)).toBe(0);
    const parameters: string[] = [];
    let next = await client.next();
    for (; next.kind === 'S'; next = await client.next()) parameters.push(next.body.toString().replace('\0', '='));
    expect(parameters.map((text) => text.slice(0, -1))).toEqual([
      'server_version=spacetime 2.8.3',
      'server_encoding=UTF8',
      'client_encoding=UTF8',
      'integer_datetimes=on',
      'in_hot_standby=off',
      'search_path=public',
      'is_superuser=on',
      'default_transaction_read_only=off',
      'scram_iterations=4096',
      'TimeZone=Etc/UTC',
      'DateStyle=ISO',
      'IntervalStyle=postgres',
      'standard_conforming_strings=on',
      'application_name=test',
      'session_authorization=ada',
    ]);
    expect(next).toMatchObject({ kind: 'K', body: { length: 8 } });
    expect(String((await client.next('Z')).body)).toBe('I');
  });
});

describe('statements', () => {
  test('each is answered whole; several at once in their order', async () => {
    using client = await PostgresClient.login(address, 'people', owner.token);
    expect(await client.query("INSERT INTO person (id, name, age) VALUES (1, 'Bo', 2)")).toMatchObject({ kinds: 'CZ' });
    expect(await client.query('SELECT * FROM person WHERE id = 1;')).toMatchObject({ kinds: 'TDCZ' });
    for (const blank of ['', ' \n', ';', ' ; ']) expect(await client.query(blank)).toMatchObject({ kinds: 'IZ' });
    const two = await client.query('SELECT * FROM person; SELECT * FROM person');
    expect(two).toMatchObject({ kinds: 'EZ', error: expect.stringMatching(/^ERROR XX000 \(Sql\) /u) });
    client.send(...['', 'x', ''].map((text) => message('Q', `${text}\0`)));
    let kinds = '';
    for (let i = 0; i < 6; i++) kinds += (await client.next()).kind;
    expect(kinds).toBe('IZEZIZ');
  });

  test('what a statement changed is told in the words of the tool', async () => {
    using client = await PostgresClient.login(address, 'people', owner.token);
    client.send(message('Q', "INSERT INTO person (id, name, age) VALUES (40, 'Cy', 1), (41, 'Di', 2)\0"));
    expect(String((await client.next('C')).body)).toMatch(/^inserted: 2, server: \d+\.\d\d(?:µs|ms|s)\0$/u);
    await client.next('Z');
    client.send(message('Q', 'DELETE FROM person WHERE id = 40\0'));
    expect(String((await client.next('C')).body)).toMatch(/^deleted: 1, server: /u);
  });

  test('a statement that is no UTF-8 is refused, and the session goes on', async () => {
    using client = await PostgresClient.login(address, 'people', owner.token);
    client.send(message('Q', Buffer.from([0x53, 0xff, 0])));
    expect(await client.nextError()).toBe('ERROR 22021 invalid byte sequence for encoding "UTF8"');
    await client.next('Z');
    expect((await client.query('SELECT * FROM person')).error).toBeUndefined();
  });

  test('who sends a statement and closes its side still gets the answer', async () => {
    using client = await PostgresClient.login(address, 'people', owner.token);
    client.socket.end(message('Q', 'SELECT * FROM person WHERE id = 12345\0'));
    await client.next('T');
    await client.next('C');
    await client.next('Z');
    expect(await client.rest()).toHaveLength(0);
  });

  test('each comes over a connection of its own, of which the module hears', async () => {
    await publish(server.url, 'who', owner, programs.connections);
    const visitor = await newUser(server.url);
    using client = await PostgresClient.login(address, 'who', visitor.token);
    const row = [[`0x${visitor.identity}`]];
    expect(await sql(server.url, 'who', owner, 'SELECT * FROM connected')).not.toContainEqual(row);
    expect(await client.query('SELECT * FROM connected')).toMatchObject({ kinds: expect.stringMatching(/^TD+CZ$/u) });
    expect(await sql(server.url, 'who', owner, 'SELECT * FROM connected')).toContainEqual(row);
    expect(await sql(server.url, 'who', owner, 'SELECT * FROM disconnected')).toContainEqual(row);
  });

  test('a goodbye ends the session', async () => {
    using client = await PostgresClient.login(address, 'people', owner.token);
    client.send(message('X', ''));
    expect(await client.rest()).toHaveLength(0);
  });
});

test('the metrics count clients and statements', async () => {
  const read = async (name: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/v1/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1));
  };
  const names = [
    'lightcone_postgres_sessions',
    'lightcone_postgres_statements_total{outcome="succeeded"}',
    'lightcone_postgres_statements_total{outcome="failed"}',
  ];
  const before = await Promise.all(names.map(read));
  using client = await PostgresClient.login(address, 'people', owner.token);
  await client.query('SELECT * FROM person');
  await client.query('SELECT * FROM nope');
  await client.query('UPDATE person SET age = 1');
  const after = await Promise.all(names.map(read));
  expect(after.slice(1).map((count, i) => count - before[i + 1]!)).toEqual([2, 1]);
  expect(after[0]).toBeGreaterThan(0);
});

describe('a stop', () => {
  test('tells waiting sessions, answers statements that came before, and waits for no one', async () => {
    const own = await startServer({ listenAddress: '127.0.0.1:0', postgresPort: 0 });
    const user = await newUser(own.url);
    await publish(own.url, 'chat', user, programs.chat);
    const at = own.postgresAddress ?? '';
    using waiting = await PostgresClient.login(at, 'chat', user.token);
    using starting = await PostgresClient.connect(at);
    starting.send(packet(80_877_103));
    expect(String(await starting.raw(1))).toBe('N');
    const stopped = own.close();
    for (const client of [waiting, starting]) {
      const text = 'FATAL 57P01 terminating connection due to administrator command';
      expect(await client.nextError()).toBe(text);
      expect(await client.rest()).toHaveLength(0);
      client.socket.end();
    }
    await stopped;
    await expect(PostgresClient.connect(at)).rejects.toThrow('ECONNREFUSED');
  });

  test('a port that is taken is named, with the way out', async () => {
    const port = Number(address.split(':')[1]);
    await expect(startServer({ listenAddress: '127.0.0.1:0', postgresPort: port })).rejects.toMatchObject({
      code: 'SERVER_PORT_TAKEN',
      message: expect.stringContaining(`--pg-port ${port + 1}`),
    });
  });
});
