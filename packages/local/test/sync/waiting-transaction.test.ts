import { MemoryBlobStore } from '@lightcone/blobs';
import { CountingBlobStore } from '@lightcone/blobs/testing';
import { defineSchema, openDb, sql, table, text } from '@lightcone/local';
import { betterSqlite } from '@lightcone/local/node';
import { createSync } from '@lightcone/local/sync';
import type { SyncRuntime } from '@lightcone/local/sync';
import { describe, expect, test } from 'vitest';
import { LAYOUTS } from './support/device.ts';

const schema = defineSchema({ Artist: table({ name: text() }) });
const open = () => openDb({ schema, driver: betterSqlite(':memory:') });
const names = sql`SELECT name FROM Artist ORDER BY name`;

/** A timer of which the test hears, and that it lets expire. */
function timer(): { runtime: Partial<SyncRuntime>; started: Promise<() => void> } {
  const { promise, resolve } = Promise.withResolvers<() => void>();
  const startTimer = (_: number, expired: () => void): (() => void) => {
    resolve(expired);
    return () => {};
  };
  return { runtime: { startTimer }, started: promise };
}

describe.each(LAYOUTS)('in the layout %s, while a transaction waits for something', (layout) => {
  test('a sync waits, then goes on, and brings nothing that is undone', async () => {
    const remote = new CountingBlobStore(new MemoryBlobStore());
    await using db = await open();
    await using other = await open();
    await other.Artist.save({ name: 'of the other' });
    await createSync(other, { remote, layout }).once();
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const { runtime, started } = timer();
    const sync = createSync(db, { remote, layout, runtime });
    const undone = db.transaction(async (tx) => {
      await tx.Artist.save({ name: 'undone' });
      await gates[0].promise;
      throw new Error('back');
    });
    const kept = db.transaction(async (tx) => {
      await tx.Artist.save({ name: 'kept' });
      await gates[1].promise;
    });
    let isOver = false;
    const once = sync.once().finally(() => (isOver = true));
    await started;
    expect(isOver).toBe(false);
    expect(await other.query(names)).toEqual([{ name: 'of the other' }]);
    gates[0].resolve();
    await expect(undone).rejects.toThrow('back');
    gates[1].resolve();
    await kept;
    expect(await once).toMatchObject({ pulled: 1 });
    await sync.once();
    await createSync(other, { remote, layout }).once();
    expect(await other.query(names)).toEqual([{ name: 'kept' }, { name: 'of the other' }]);
    expect(await db.query(names)).toEqual(await other.query(names));
  });

  test('a sync that waits can be stopped', async () => {
    await using db = await open();
    const { runtime, started } = timer();
    const sync = createSync(db, { remote: new MemoryBlobStore(), layout, runtime });
    await db.transaction(async () => {
      const abort = new AbortController();
      const once = sync.once({ signal: abort.signal });
      await started;
      abort.abort(new Error('enough'));
      await expect(once).rejects.toThrow('enough');
    });
  });

  test('a sync that the transaction itself waits for fails after a while, and the transaction goes on', async () => {
    await using db = await open();
    const { runtime, started } = timer();
    const sync = createSync(db, { remote: new MemoryBlobStore(), layout, runtime });
    await db.transaction(async (tx) => {
      const once = sync.once();
      (await started)();
      await expect(once).rejects.toMatchObject({ code: 'SYNC_DATABASE_FAILED', cause: { code: 'LOCAL_BUSY' } });
      await tx.Artist.save({ name: 'a' });
    });
    expect(await db.query(names)).toEqual([{ name: 'a' }]);
  });
});
