// Two devices, here two files, that sync through a folder: run it with `npm run example:quick-start`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { bool, defineSchema, openDb, sql, table, text } from '@lightcone/local';
import { betterSqlite } from '@lightcone/local/node';
import { createSync } from '@lightcone/local/sync';

const folder = mkdtempSync(join(tmpdir(), 'quick-start-'));
const schema = defineSchema({
  Book: table({ title: text(), author: text().optional(), isRead: bool().default(false) }),
});
const unread = sql`SELECT * FROM Book WHERE NOT isRead ORDER BY title`.as(schema.Book);

const laptop = await openDb({ schema, driver: betterSqlite(join(folder, 'laptop.db')) });
const phone = await openDb({ schema, driver: betterSqlite(join(folder, 'phone.db')) });
const remote = new FolderBlobStore(join(folder, 'shared'));
const [laptopSync, phoneSync] = [laptop, phone].map((db) => createSync(db, { remote })) as [Sync, Sync];
type Sync = ReturnType<typeof createSync>;

// The phone shows what is unread, whoever changes it.
phone.subscribe(unread, {
  onRows: (rows, { delta }) => {
    console.log(`phone: ${rows.map(({ title }) => title).join(', ') || 'nothing'} (${delta.added.length} new)`);
  },
});

const dune = await laptop.Book.save({ title: 'Dune' });
await laptop.Book.save({ title: 'Momo', author: 'Michael Ende' });
await laptopSync.once();
await phoneSync.once();

// Both change the same row while they know nothing of each other: each column has its own last writer.
await laptop.Book.update(dune.id, { author: 'Frank Herbert' });
await phone.Book.update(dune.id, { isRead: true });
for (const sync of [laptopSync, phoneSync, laptopSync]) await sync.once();

console.log('laptop:', await laptop.Book.get(dune.id));
console.log('phone: ', await phone.Book.get(dune.id));
for (const { at, values } of await laptop.history('Book', dune.id)) console.log('history:', at, values);

await Promise.all([laptop.close(), phone.close()]);
rmSync(folder, { recursive: true });
