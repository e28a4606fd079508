/*
 * `node killed-publish.ts DATA_DIR`: makes one database, and kills itself when a second one has started and is about to be
 * registered.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { pino } from 'pino';
import { programs } from './fixtures.ts';

const [path] = process.argv.slice(2) as [string];
const real = fs.promises.unlink;
let unlinked = 0;
fs.promises.unlink = (...args) => {
  if (++unlinked === 2) process.kill(process.pid, 'SIGKILL');
  return real(...args);
};
syncBuiltinESMExports();

const { DataDirectory } = await import('../src/data-directory.ts');
const { Databases } = await import('../src/databases.ts');
const databases = new Databases(await DataDirectory.open(path), pino({ level: 'silent' }));
for (let i = 0; i < 2; i++) {
  const identity = Databases.newIdentity();
  await databases.create(identity, identity, programs.person);
}
