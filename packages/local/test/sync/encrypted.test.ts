import { MemoryBlobStore } from '@lightcone/blobs';
import type { BlobStore } from '@lightcone/blobs';
import { AgeBlobStore, EncryptedBlobStore } from '@lightcone/blobs/encrypted';
import type { AgeKeys } from '@lightcone/blobs/encrypted';
import { defineSchema, openDbSync, sql, table, text } from '@lightcone/local';
import { betterSqlite } from '@lightcone/local/node';
import { createSync } from '@lightcone/local/sync';
import { describe, expect, test } from 'vitest';
import { keysOf, LAYOUTS } from './support/device.ts';

const schema = defineSchema({ Artist: table({ name: text() }) });
const open = () => openDbSync({ schema, driver: betterSqlite(':memory:') });
const names = sql`SELECT name FROM Artist ORDER BY name`;
const SECRET = 'a name that nobody is to see';

const stores: { name: string; openStore: (inner: BlobStore, keys: AgeKeys) => Promise<BlobStore> }[] = [
  { name: 'EncryptedBlobStore', openStore: EncryptedBlobStore.open.bind(EncryptedBlobStore) },
  { name: 'AgeBlobStore', openStore: AgeBlobStore.open.bind(AgeBlobStore) },
];
const cases = stores.flatMap((store) => LAYOUTS.map((layout) => ({ ...store, layout })));
const keys = (passphrase: string): AgeKeys => ({ passphrase, scryptLogN: 1 });

describe.each(cases)('through $name in the layout $layout', ({ openStore, layout }) => {
  test('devices that have the passphrase come together, and the storage never sees a value', async () => {
    const storage = new MemoryBlobStore();
    using a = open();
    using b = open();
    const syncs = [];
    for (const db of [a, b]) syncs.push(createSync(db, { remote: await openStore(storage, keys('right')), layout }));
    for (let i = 0; i < 20; i++) a.Artist.save({ name: `${SECRET} ${i}` });
    b.Artist.save({ name: SECRET });
    for (const sync of [...syncs, ...syncs]) await sync.once();
    expect(b.query(names)).toHaveLength(21);
    expect(a.query(names)).toEqual(b.query(names));
    for (const key of await keysOf(storage)) {
      const bytes = (await storage.get(key))!; // it was listed
      expect(Buffer.from(bytes).includes(SECRET)).toBe(false);
    }
  });

  test('with a wrong passphrase nothing is read or written, and the right one goes on', async () => {
    const storage = new MemoryBlobStore();
    using a = open();
    using b = open();
    a.Artist.save({ name: SECRET });
    b.Artist.save({ name: 'of b' });
    await createSync(a, { remote: await openStore(storage, keys('right')), layout }).once();
    const before = await keysOf(storage);
    const withWrongKey = async (): Promise<unknown> =>
      createSync(b, { remote: await openStore(storage, keys('wrong')), layout }).once();
    await expect(withWrongKey()).rejects.toMatchObject({ code: expect.stringMatching(/^(BLOB|SYNC)_WRONG_KEY$/) });
    expect(await keysOf(storage)).toEqual(before);
    expect(b.query(names)).toEqual([{ name: 'of b' }]);
    await createSync(b, { remote: await openStore(storage, keys('right')), layout }).once();
    expect(b.query(names)).toEqual([{ name: SECRET }, { name: 'of b' }]);
  });
});
