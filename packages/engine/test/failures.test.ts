import { readFileSync } from 'node:fs';
import { ConnectionId } from '@lightcone/sats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Session } from '../src/embedded/session.ts';
import { type TestDatabase, openTestDatabase, testIdentity } from '../src/testing/index.ts';

const FATAL = 'The instance encountered a fatal error.';
const OUT_OF_ENERGY = 'reducer ran out of energy';

let testDatabase: TestDatabase;
let alice: Session;
beforeAll(async () => {
  const file = new URL('../../../modules/test-module/test-module.wasm', import.meta.url);
  testDatabase = await openTestDatabase(readFileSync(file), {
    limits: { maxMemoryPages: 256, energyPerCall: 200_000_000 },
  });
  alice = await testDatabase.connect('alice');
  await alice.call('add_label', 'taken');
});
afterAll(() => testDatabase.database.close());

test.each([
  { what: 'an Err', reducer: 'fail', args: ['no reason'], message: 'no reason' },
  { what: 'a panic', reducer: 'panic_with', args: ['at the disco'], message: FATAL },
  { what: 'a division by zero', reducer: 'divide', args: [1, 0], message: FATAL },
  { what: 'a unique violation that panics', reducer: 'add_label', args: ['taken'], message: FATAL },
  { what: 'an endless loop', reducer: 'loop_forever', args: [], message: OUT_OF_ENERGY },
  { what: 'endless calls of the host', reducer: 'call_host_forever', args: [], message: OUT_OF_ENERGY },
  { what: 'allocation without end', reducer: 'allocate_forever', args: [], message: FATAL },
  { what: 'recursion without end', reducer: 'recurse', args: [4_000_000_000], message: FATAL },
  { what: 'a reducer that does not exist', reducer: 'nothing', args: [], message: 'no such reducer' },
  {
    what: 'a lifecycle reducer',
    reducer: 'client_connected',
    args: [],
    message: "can't directly call special OnConnect lifecycle reducer",
  },
])('$what reaches the caller, changes nothing, and the next call works', async ({ reducer, args, message }) => {
  const before = await alice.query('SELECT * FROM label');
  await expect(alice.call(reducer, ...args)).rejects.toMatchObject({ code: 'ENGINE_CALL_FAILED', message });
  expect(await alice.query('SELECT * FROM label')).toEqual(before);

  await alice.call('add_label', `after ${reducer}`);
  const labels = (await alice.query('SELECT * FROM label')).map((row) => row['text']);
  expect(labels).toContain(`after ${reducer}`);
  expect(labels).toHaveLength(before.length + 1);
});

test('arguments as JSON of more values than anybody needs are not read to their end', async () => {
  const { database } = testDatabase.database;
  const jwtPayload = JSON.stringify({ iss: 'lightcone-testing', sub: 'eve' });
  const as = { identity: testIdentity('eve'), connectionId: ConnectionId.fromBigInt(99n), jwtPayload };
  expect(await database.call(as, 'add_label', `[${'0,'.repeat(2 ** 21)}`)).toMatchObject({
    kind: 'badArguments',
    message: 'invalid arguments for reducer add_label: JSON with more than 2097152 values',
  });
});

test('the text of a panic is in the log, with its place, and not in the answer', async () => {
  await expect(alice.call('panic_with', 'secret reason')).rejects.toThrow(FATAL);
  const panic = testDatabase.logs.findLast(({ level }) => level === 'Panic');
  expect(panic?.message).toContain('secret reason');
  expect(panic?.fileName).toContain('failures.rs');
  expect(panic?.functionName).toBe('panic_with');
});

test('a unique violation can be handled inside the reducer, and other rows of the call stay', async () => {
  await alice.call('add_labels_skipping_duplicates', ['fresh', 'taken', 'fresher']);
  const labels = (await alice.query('SELECT * FROM label')).map((row) => row['text']);
  expect(labels).toEqual(expect.arrayContaining(['fresh', 'fresher']));
  expect(labels.filter((label) => label === 'taken')).toHaveLength(1);
});
