// Publishing one version of a module over another: what clients notice, what is refused, and that a refusal changes
// nothing.
import { procedures, reducers, reducerSchema, schema, t, table } from 'spacetimedb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliResult } from '../src/cli.ts';
import type { ModuleClient } from '../src/module-client.ts';
import { modulePath } from '../src/modules.ts';
import { PublishedModule } from '../src/published-module.ts';

const kind = t.enum('Kind', { cat: t.unit(), dog: t.unit(), parrot: t.unit() });
const pet = { id: t.u32().primaryKey(), kind, weight: t.u32(), chip: t.string() };

const bindings = {
  ...schema({
    person: table({ name: 'person', public: true }, { id: t.u64().primaryKey(), name: t.string() }),
    pet: table({ name: 'pet', public: true }, pet),
    heavyPets: table({ name: 'heavy_pets', public: true }, { id: t.u32(), weight: t.u32() }),
  }).schemaType,
  ...reducers(reducerSchema('add_person', { name: t.string() })).reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

const name = 'migrations-start';
let module: PublishedModule;
let client: ModuleClient<typeof bindings>;

beforeEach(async () => {
  module = await PublishedModule.start(name, 'migrations');
  await module.run('add_person', 'Ann');
  await module.run('add_pet', 1, { cat: [] }, 4);
  await module.run('add_pet', 2, { dog: [] }, 30);
  await module.run('add_pet', 3, { dog: [] }, 7);
  client = await module.connect(bindings);
  await client.subscribe('SELECT * FROM person', 'SELECT * FROM pet', 'SELECT * FROM heavy_pets');
});

afterEach(() => module?.[Symbol.asyncDispose]());

/** Publishes another version over the database. */
function publish(version: string, ...options: string[]): Promise<CliResult> {
  return module.cli.run('publish', name, '--bin-path', modulePath(`migrations-${version}`, 'migrations'), ...options);
}

async function succeed(version: string, ...options: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await publish(version, '--yes', ...options);
  expect(exitCode, stdout + stderr).toBe(0);
  return stdout;
}

/** Everything that a refused publish has to leave as it was, but for what runs by itself. */
async function state(): Promise<unknown> {
  const tables = ['person', 'pet', 'scratch', 'ledger', 'heavy_pets'];
  const schemaTables = ['st_table', 'st_column', 'st_index', 'st_constraint', 'st_sequence', 'st_view', 'st_module'];
  const found = [];
  for (const each of [...tables, ...schemaTables]) found.push(await module.rows(`SELECT * FROM ${each}`));
  return found;
}

/** The client is still there and hears of what happens. */
async function clientFollows(): Promise<void> {
  await client.reducers.addPerson({ name: 'follower' });
  await client.until('the follower', () => [...client.db.person.iter()].some((person) => person.name === 'follower'));
}

describe('changes that clients need not know of', () => {
  test('leave them connected, with all rows, and new things to use', async () => {
    await succeed('compatible');
    await clientFollows();
    // The view shows more than before, and who subscribed to it got that without asking.
    await client.until('two heavy pets', () => client.db.heavyPets.count() === 2n);

    await module.run('add_pet', 4, { parrot: [] }, 1);
    await client.until('the parrot', () => [...client.db.pet.iter()].some((each) => each.kind.tag === 'parrot'));
    await module.run('add_toy', 4);
    expect(await module.rows('SELECT pet_id FROM toy')).toEqual([[4]]);
    expect(await module.rows('SELECT people FROM person_count')).toEqual([[2]]);
    await module.run('rename_people', 'follower', 'Fred');
    await client.until('Fred', () => [...client.db.person.iter()].some((person) => person.name === 'Fred'));
  });

  test('make a private table public, a column unique, and run no init', async () => {
    await succeed('compatible');
    expect(await module.rows('SELECT line FROM ledger', client.token)).toEqual([['init of start']]);
    const constraint = "SELECT constraint_name FROM st_constraint WHERE constraint_name = 'pet_chip_key'";
    expect(await module.rows(constraint)).toHaveLength(1);
    expect(await module.fail('add_pet', 1, { cat: [] }, 5)).toBe('The instance encountered a fatal error.');
    expect(await module.rows('SELECT COUNT(*) AS n FROM pet')).toEqual([[3]]);
  });

  test('go there and back again', async () => {
    await succeed('compatible');
    const { exitCode, stderr } = await publish('start', '--yes');
    // A variant less is refused: the way back is closed as soon as it needs one.
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/kind/) as string });
    await clientFollows();
  });

  test('identical bytes change nothing', async () => {
    const before = await state();
    await succeed('start');
    expect(await state()).toEqual(before);
    await clientFollows();
  });
});

describe('changes that clients have to reconnect for', () => {
  test('are refused unless the owner agrees, and say what breaks', async () => {
    await succeed('compatible');
    const before = await state();
    const { exitCode, stdout, stderr } = await publish('breaking');
    expect(exitCode, stdout + stderr).toBe(1);
    for (const change of ['remove table scratch', 'add column age: ', 'add column nickname: ', 'disconnected'])
      expect(stderr).toContain(change);
    expect(await state()).toEqual(before);
    await clientFollows();
  });

  test('give old rows the defaults of new columns, and end the connections', async () => {
    await succeed('compatible');
    await succeed('breaking', '--break-clients');
    await client.ended;
    expect(await module.rows('SELECT name, age, nickname, motto, prefers FROM person')).toEqual([
      ['Ann', 18, [1, []], 'none', [1, []]],
    ]);
    await module.run('add_person', 'Bob');
    const people = await module.rows('SELECT id, name, age FROM person');
    // The sequence went along with the table.
    expect(people.toSorted((a, b) => Number(a[0]) - Number(b[0]))).toEqual([
      [1, 'Ann', 18],
      [2, 'Bob', 0],
    ]);
    expect(await module.rows("SELECT * FROM st_table WHERE table_name = 'scratch'")).toEqual([]);
    expect(await module.rows('SELECT people, pets FROM person_count')).toEqual([[2, 3]]);
  });

  test('survive a crash right after them', async () => {
    await succeed('compatible');
    await succeed('breaking', '--break-clients');
    const before = await module.rows('SELECT * FROM person');
    await module.server.kill();
    await module.server.restart();
    expect(await module.rows('SELECT * FROM person')).toEqual(before);
    await module.run('add_person', 'after the crash');
    expect(await module.rows('SELECT COUNT(*) AS n FROM person')).toEqual([[2]]);
  });
});

describe('changes that need a migration by hand', () => {
  test('are refused together, each with its table and column, and nothing changes', async () => {
    await succeed('compatible');
    const before = await state();
    for (const options of [['--yes'], ['--yes', '--break-clients']]) {
      const { exitCode, stdout, stderr } = await publish('refused', ...options);
      expect(exitCode, stdout).toBe(1);
      // A column without default, of another type, gone; a variant less; an event table no more.
      for (const named of [/age.*person/s, /weight/, /pet_id|toy/, /kind/, /ping/]) expect(stderr).toMatch(named);
    }
    expect(await state()).toEqual(before);
    await clientFollows();
  });

  test('can be had by giving the data up', async () => {
    await succeed('refused', '--delete-data');
    await client.ended;
    expect(await module.rows('SELECT * FROM person')).toEqual([]);
    expect(await module.rows('SELECT line FROM ledger')).toEqual([['init of refused']]);
  });
});

describe('changes that depend on the rows', () => {
  test('are refused as long as the rows are in the way', async () => {
    await module.run('add_person', 'Ann');
    await module.run('add_scratch', 1);
    const refusals = [
      { mend: async () => module.run('clear_scratch'), reason: /scratch/ },
      { mend: async () => module.run('remove_person', 2), reason: /person/ },
      { mend: async () => module.run('clear_pets'), reason: /pet_id_seq|sequence|auto/i },
    ];
    const seen: string[] = [];
    for (const { mend } of refusals) {
      const before = await state();
      const { exitCode, stderr } = await publish('depends-on-data', '--yes', '--break-clients');
      expect(exitCode, `after ${seen.length} refusals`).toBe(1);
      seen.push(stderr);
      expect(await state()).toEqual(before);
      await mend();
    }
    for (const { reason } of refusals) expect(seen.join('\n')).toMatch(reason);
    await succeed('depends-on-data', '--break-clients');
    expect(await module.rows('SELECT name FROM person')).toEqual([['Ann']]);
    await module.run('add_pet', 0, { cat: [] }, 4);
    expect(await module.rows('SELECT id FROM pet')).toEqual([[1]]);
    expect(await module.fail('add_person', 'Ann')).toBe('The instance encountered a fatal error.');
  });
});
