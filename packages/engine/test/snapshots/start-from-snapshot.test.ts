import { MemoryBlobStore } from '@lightcone/blobs';
import { describe, expect, test } from 'vitest';
import { btree } from '../../../schema/test/raw-modules.ts';
import { decodeContents } from '../../src/snapshots/snapshot-contents.ts';
import { anyModule } from '../support/any-module.ts';
import { LoggedDatabase } from '../support/logged-database.ts';
import { PEOPLE, insertPeople, restartedFrom, snapshotsOf, withSnapshot } from '../support/snapshotted-database.ts';
import { AUTO_KEYED, PERSON, tables } from '../support/tables.ts';
import { ITEM, viewsModule } from '../support/views-module.ts';

describe('a start from a snapshot', () => {
  test('gives what was there, and what the log has after it', async () => {
    await using logged = await withSnapshot();
    const offset = logged.database.lastTxOffset;
    await insertPeople(logged, 'Dan');
    await logged.delete('person', PERSON, { id: 1n, name: 'Ann' });
    const before = await logged.dump();
    expect(await restartedFrom(logged)).toBe(offset);
    expect(await logged.dump()).toEqual(before);
    // The sequence goes on behind the block that it was in.
    await insertPeople(logged, 'Eve');
    expect(await logged.rows('person')).toContainEqual({ id: 4097n, name: 'Eve' });
  });

  test('has the tables of the module as they were when it was taken, and migrations after it', async () => {
    await using logged = await withSnapshot();
    await logged.publish(
      anyModule({ ...tables([{ name: 'person', ...AUTO_KEYED, indexes: [...(AUTO_KEYED.indexes ?? []), btree(1)] }, PERSON], [{ name: 'pet' }, PERSON]), version: '2' }), // prettier-ignore
    );
    await logged.insert('pet', PERSON, { id: 9n, name: 'Rex' });
    const before = await logged.dump();
    await restartedFrom(logged);
    expect(await logged.dump()).toEqual(before);

    await logged.database.takeSnapshot();
    expect(await restartedFrom(logged)).toBeGreaterThan(0);
    expect(await logged.dump()).toEqual(before);
    await logged.publish(anyModule({ ...PEOPLE, version: '3' }), { mayBreakClients: true }).catch(() => {});
    await logged.delete('pet', PERSON, { id: 9n, name: 'Rex' });
    await logged.publish(anyModule({ ...PEOPLE, version: '3' }));
    const without = await logged.dump();
    await restartedFrom(logged);
    expect(await logged.dump()).toEqual(without);
  });

  test('a row that is larger than an object comes back: the program, which is in one', async () => {
    const program = new Uint8Array(5_000_000);
    const module = anyModule(PEOPLE);
    // A custom section, which nobody looks at, of what is left.
    const size = program.length - module.length - 5;
    program.set([...module, 0, ...[0, 7, 14, 21].map((bits) => ((size >>> bits) & 127) | (bits < 21 ? 128 : 0))]);
    await using logged = await LoggedDatabase.create(program, undefined, new MemoryBlobStore());
    await insertPeople(logged, 'Ann');
    await logged.database.takeSnapshot();
    expect(logged.database.metrics().snapshots!.writtenBytes).toBeGreaterThan(program.length);
    expect(await restartedFrom(logged)).toBeGreaterThan(0);
    expect(await logged.rows('person')).toEqual([{ id: 1n, name: 'Ann' }]);
    expect(logged.database.update(program, false)).toBe(logged.database.lastTxOffset);

    await insertPeople(logged, 'Bob');
    await logged.database.takeSnapshot();
    expect(logged.database.metrics().snapshots!.writtenBytes).toBeLessThan(100_000);
  });

  test('events are in no snapshot', async () => {
    const module = anyModule(tables([{ name: 'person', isEvent: true }, PERSON]));
    await using logged = await LoggedDatabase.create(module, undefined, new MemoryBlobStore());
    await logged.insert('person', PERSON, { id: 1n, name: 'Ann' });
    await logged.database.takeSnapshot();
    await restartedFrom(logged);
    expect(await logged.rows('person')).toEqual([]);
    await logged.insert('person', PERSON, { id: 1n, name: 'Ann' });
  });

  test('rows of views are in no snapshot, and there again when somebody asks', async () => {
    const rows = async (logged: LoggedDatabase): Promise<unknown> => logged.rows('at_most_one_item');
    await using logged = await LoggedDatabase.create(
      viewsModule({ views: ['at_most_one_item', 'answered'] }),
      undefined,
      new MemoryBlobStore(),
    );
    await logged.insert('item', ITEM, { id: 1, name: 'one' });
    const before = await rows(logged);
    await logged.database.takeSnapshot();
    const reader = await snapshotsOf(logged).open((await snapshotsOf(logged).list())[0]!);
    const tables = decodeContents(reader.manifest).map(({ id }) => id);
    const views = (await logged.rows('st_view')).map(({ table_id: id }) => (id as { value: number }).value);
    expect(views).toHaveLength(2);
    expect(tables.filter((id) => views.includes(id))).toEqual([]);
    await restartedFrom(logged);
    expect(await rows(logged)).toEqual(before);
  });

  test('a chain of snapshots, each with some changes, over restarts', async () => {
    await using logged = await withSnapshot();
    for (let round = 0; round < 12; round++) {
      await insertPeople(logged, `round ${round}`);
      if (round % 3 > 0) await logged.database.takeSnapshot();
      const before = await logged.dump();
      if (round % 2 === 0) await logged.restart();
      expect(await logged.dump()).toEqual(before);
    }
    expect(await snapshotsOf(logged).list()).toHaveLength(2);
  });
});
