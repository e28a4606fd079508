import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { KEYED, btree } from '../../schema/test/raw-modules.ts';
import { anyModule } from './support/any-module.ts';
import { LoggedDatabase } from './support/logged-database.ts';
import { AUTO_KEYED, type Columns, PERSON, people, tables, u8 } from './support/tables.ts';

const ann = { id: 1n, name: 'Ann' };
const bob = { id: 2n, name: 'Bob' };

test('clients of an unbroken module stay connected and see later changes, by queries of before and after', async () => {
  await using logged = await LoggedDatabase.create(anyModule(people({ ...KEYED, indexes: [btree(0), btree(1)] })));
  await logged.insert('person', PERSON, ann);
  const session = await logged.connect('watcher');
  const before = await session.subscribe('SELECT * FROM person', "SELECT * FROM person WHERE name = 'Bob'");
  const next = tables([{ name: 'person', ...KEYED }, PERSON], [{ name: 'pet' }, PERSON]);
  await logged.publish(anyModule(next), { mayBreakClients: false });
  await logged.insert('person', PERSON, bob);
  await logged.insert('pet', PERSON, ann);
  expect(before.rows('person')).toEqual([ann, bob]);
  const after = await session.subscribe('SELECT * FROM pet', "SELECT * FROM person WHERE name = 'Bob'");
  expect([after.rows('pet'), after.rows('person')]).toEqual([[ann], [bob]]);
  await session.call('clear_table', 'pet', new Uint8Array(0));
  expect(after.rows('pet')).toEqual([]);
});

test('a query whose index goes is still answered, to those who subscribed before and to those after', async () => {
  await using logged = await LoggedDatabase.create(anyModule(people({ ...KEYED, indexes: [btree(0), btree(1)] })));
  await logged.insert('person', PERSON, ann);
  const query = "SELECT * FROM person WHERE name = 'Ann'";
  const first = await logged.connect('first');
  const subscription = await first.subscribe(query);
  await logged.publish(anyModule(people(KEYED)));
  const second = await logged.connect('second');
  expect((await second.subscribe(query)).rows('person')).toEqual([ann]);
  await second.call('insert_row', 'person', new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0x41, 0x6e, 0x6e]));
  expect(subscription.rows('person')).toEqual([ann, { id: 3n, name: 'Ann' }]);
  await subscription.unsubscribe();
});

test('a query on an enum that grew meets the new variant', async () => {
  const columns = (...names: string[]): Columns => [['id', types.u64], ['kind', types.sum(names.map((name) => [name, types.unit] as const))], ['text', types.string]]; // prettier-ignore
  const before = columns('a', 'b');
  const after = columns('a', 'b', 'c');
  await using logged = await LoggedDatabase.create(anyModule(people({}, before)));
  const a = { id: 1n, kind: { tag: 'a', value: {} }, text: 'x' };
  const c = { id: 2n, kind: { tag: 'c', value: {} }, text: 'x' };
  await logged.insert('person', before, a);
  const session = await logged.connect('watcher');
  const subscription = await session.subscribe("SELECT * FROM person WHERE text = 'x'");
  await logged.publish(anyModule(people({}, after)), { mayBreakClients: false });
  await logged.insert('person', after, c);
  expect(subscription.rows('person')).toEqual([a, c]);
  await logged.delete('person', after, a);
  expect(subscription.rows('person')).toEqual([c]);
});

test('[flaw 2] when a table turns private, those who may no longer read it get an error, the owner does not', async () => {
  await using logged = await LoggedDatabase.create(anyModule(people()));
  await logged.insert('person', PERSON, ann);
  const [owner, other] = [await logged.connect('owner'), await logged.connect('other')];
  const ownSubscription = await owner.subscribe('SELECT * FROM person');
  const otherSubscription = await other.subscribe('SELECT * FROM person');
  await logged.publish(anyModule(people({ tableAccess: 'Private' })), { mayBreakClients: false });
  await logged.insert('person', PERSON, bob);
  expect(ownSubscription.rows('person')).toEqual([ann, bob]);
  expect(() => otherSubscription.rows('person')).toThrow(expect.objectContaining({ code: 'ENGINE_QUERY_FAILED' }));
  await expect(other.subscribe('SELECT * FROM person')).rejects.toMatchObject({ code: 'ENGINE_QUERY_FAILED' });
  // The connection goes on.
  await other.call('insert_row', 'person', new Uint8Array([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
  expect(ownSubscription.rows('person')).toHaveLength(3);
});

test('an update that breaks clients runs client_disconnected of the new module, then closes them', async () => {
  await using logged = await LoggedDatabase.create(anyModule({ ...people(), version: 'old' }));
  await logged.insert('person', PERSON, ann);
  const session = await logged.connect('watcher');
  const subscription = await session.subscribe('SELECT * FROM person');
  const changes: unknown[] = [];
  subscription.onChange((change) => changes.push(change));
  const next = people({ defaultValues: [{ column: 2, value: u8(7) }] }, [...PERSON, ['age', types.u8]]);
  await logged.publish(anyModule({ ...next, lifecycle: ['client_disconnected'] }));
  await expect(session.query('SELECT * FROM person')).rejects.toMatchObject({
    code: 'ENGINE_CLOSED',
    message: 'module exited',
  });
  expect(logged.logs.filter((line) => line === 'client_disconnected')).toHaveLength(1);
  // It is not told first that its rows went with their table.
  expect(changes).toEqual([]);
  expect(await subscription.ended).toMatchObject({ code: 'ENGINE_CLOSED', message: 'module exited' });
  expect(await logged.rows('st_client')).toHaveLength(1);
});

test('[flaw 13] the same program again changes nothing', async () => {
  const program = anyModule({ ...people(AUTO_KEYED), lifecycle: ['init', 'client_disconnected'] });
  await using logged = await LoggedDatabase.create(program);
  const session = await logged.connect('watcher');
  const subscription = await session.subscribe('SELECT * FROM person');
  const { lastTxOffset } = logged.database;
  const [files, logs] = [await logged.files(), logged.logs.length];
  await logged.publish(program.slice());
  expect(await logged.files()).toEqual(files);
  expect([logged.database.lastTxOffset, logged.logs.length]).toEqual([lastTxOffset, logs]);
  await logged.insert('person', PERSON, { id: 0n, name: 'Ann' });
  expect(subscription.rows('person')).toEqual([ann]); // the first value: nothing began anew
});

test('other code with the same definition takes over at once, and init does not run again', async () => {
  await using logged = await LoggedDatabase.create(anyModule({ ...people(), lifecycle: ['init'], version: '1' }));
  const session = await logged.connect('watcher');
  await logged.publish(anyModule({ ...people(), lifecycle: ['init', 'client_disconnected'], version: '2' }), {
    mayBreakClients: false,
  });
  session.disconnect();
  expect(logged.logs.filter((line) => line === 'init')).toHaveLength(1);
  expect(logged.logs.filter((line) => line === 'client_disconnected')).toHaveLength(1);
});
