// A program of its own: saves notes in a database, with a sync after every few of them, and says what it has saved.
import { FolderBlobStore } from '@lightcone/blobs/node';
import { createSync } from '@lightcone/local/sync';
import { openNotes } from './notes-database.ts';

const [file = '', folder = '', layout = '', writer = '', count = ''] = process.argv.slice(2);
using db = openNotes(file);
const sync = createSync(db, { remote: new FolderBlobStore(folder), layout: layout === 'dimple' ? 'dimple' : 'log' });

process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (let i = 0; i < Number(count); i++) {
  db.transaction((tx) => {
    tx.Note.save({ id: `${writer} ${i}`, text: `${i}`, writer });
    tx.Note.save({ id: 'of all', text: `${writer} ${i}` });
  });
  process.stdout.write(`saved ${i}\n`);
  if (i % 3 === 0) await sync.once();
}
await sync.once();
process.stdout.write('done\n');
process.stdin.destroy();
