import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newConnection } from '../src/auth/caller.ts';
import { ForeignIssuers } from '../src/auth/foreign-issuers.ts';
import { generateKeyPair } from '../src/auth/keys.ts';
import { Tokens } from '../src/auth/tokens.ts';
import type { MintedToken } from '../src/auth/tokens.ts';
import { DataDirectory } from '../src/data-directory.ts';
import { Databases } from '../src/databases.ts';
import { PostgresGateway } from '../src/postgres/postgres-gateway.ts';
import type { PostgresLimits } from '../src/postgres/postgres-gateway.ts';
import { programs } from './fixtures.ts';
import { message, packet, PostgresClient } from './postgres-client.ts';

const dataDirectory = DataDirectory.inMemory();
const { control } = dataDirectory;
const log = pino({ level: 'silent' });
const databases = new Databases(dataDirectory, log);
const tokens = new Tokens(generateKeyPair(), new ForeignIssuers({ listed: [], acceptsUnlisted: false, log }));
let owner: MintedToken;

/** Publishing takes a while on a busy machine. */
const HOOK_TIMEOUT_MS = 60_000;

beforeAll(async () => {
  owner = await tokens.mint();
  const identity = Databases.newIdentity();
  await databases.create(identity, owner.claims.identity, programs.person);
  control.addName('people', identity, owner.claims.identity);
}, HOOK_TIMEOUT_MS);
afterAll(async () => {
  await databases.close();
  await dataDirectory.close();
});

const GENEROUS: PostgresLimits = {
  maxConnections: 10,
  startupTimeoutMs: 60_000,
  stalledWriteMs: 60_000,
  lingerMs: 60_000,
};

interface Listening extends AsyncDisposable {
  readonly address: string;
  readonly gateway: PostgresGateway;
  readonly errors: unknown[];
}

async function listen(limits: Partial<PostgresLimits>): Promise<Listening> {
  const errors: unknown[] = [];
  const reportError = (error: unknown): void => void errors.push(error);
  const gateway = new PostgresGateway({ control, databases, tokens, reportError }, { ...GENEROUS, ...limits });
  const address = `127.0.0.1:${await gateway.listen('127.0.0.1', 0)}`;
  return { address, gateway, errors, [Symbol.asyncDispose]: () => gateway.close(0) };
}

test('more clients than there may be are sent away, until one leaves', async () => {
  await using listening = await listen({ maxConnections: 2 });
  using first = await PostgresClient.login(listening.address, 'people', owner.token);
  using second = await PostgresClient.connect(listening.address);
  second.send(packet(80_877_103));
  expect(String(await second.raw(1))).toBe('N');
  using third = await PostgresClient.connect(listening.address);
  expect(await third.nextError()).toBe('FATAL 53300 sorry, too many clients already');
  first.send(message('X', ''));
  first.socket.end();
  await first.rest();
  // The client hears of the end before the server has forgotten it.
  for (;;) {
    using next = await PostgresClient.connect(listening.address);
    next.send(packet(80_877_103));
    const answer = String(await next.raw(1));
    if (answer === 'N') break;
    expect(answer).toBe('E');
  }
});

test('who does not show who it is in time is sent away, also while it keeps sending', async () => {
  await using listening = await listen({ startupTimeoutMs: 100 });
  using silent = await PostgresClient.connect(listening.address);
  using trickling = await PostgresClient.connect(listening.address);
  trickling.send(packet(80_877_103));
  expect(String(await trickling.raw(1))).toBe('N');
  trickling.send(Buffer.from([0]));
  for (const client of [silent, trickling]) {
    expect(await client.nextError()).toBe('FATAL 57P05 canceling authentication due to timeout');
    expect(await client.rest()).toHaveLength(0);
  }
});

test('a session that has begun may wait as long as it likes', async () => {
  await using listening = await listen({ startupTimeoutMs: 1000, stalledWriteMs: 100 });
  using waiting = await PostgresClient.login(listening.address, 'people', owner.token);
  using late = await PostgresClient.connect(listening.address);
  expect(await late.nextError()).toContain('57P05'); // so the time is over for the first as well
  expect((await waiting.query('SELECT * FROM person')).error).toBeUndefined();
});

/** Some 11 MB: more than what the system takes in for a client. */
const ROWS = 250;

test('who takes nothing of a large answer is dropped, and others do not notice', async () => {
  const record = control.findDatabase(control.findIdentity('people') ?? '');
  if (record === undefined) throw new Error('the database is gone');
  const { thread } = await databases.open(record);
  const caller = newConnection({ identity: owner.claims.identity, ...owner });
  for (let id = 1; id <= ROWS; id++) {
    const text = `INSERT INTO person (id, name, age) VALUES (${id}, '${String(id).padEnd(45_000, 'x')}', 1)`;
    expect((await thread.request('sql', { caller, text, isConfirmed: false })).kind).toBe('ok');
  }
  await using listening = await listen({ stalledWriteMs: 200 });
  using stuck = await PostgresClient.login(listening.address, 'people', owner.token);
  using healthy = await PostgresClient.login(listening.address, 'people', owner.token);
  stuck.send(message('Q', 'SELECT * FROM person\0'));
  expect(await healthy.query('SELECT COUNT(*) AS n FROM person')).toMatchObject({ kinds: 'TDCZ' });
  healthy.send(message('X', ''));
  healthy.socket.end();
  // Waits for the sessions to end, and longer than this test may take.
  await listening.gateway.close(600_000);
  expect((await stuck.rest()).length).toBeLessThan(ROWS * 45_000);
  expect(listening.errors).toEqual([]);
});
