/*
 * `node hot-database.ts`: calls a reducer of a database in memory until V8 has compiled its code anew, and more.
 */
import { pino } from 'pino';
import { DataDirectory } from '../src/data-directory.ts';
import { Databases } from '../src/databases.ts';
import { programs } from './fixtures.ts';

const CALLS = 3000;

const dataDirectory = DataDirectory.inMemory();
const databases = new Databases(dataDirectory, pino({ level: 'silent' }));
const identity = Databases.newIdentity();
await databases.create(identity, identity, programs.person);
const record = dataDirectory.control.findDatabase(identity);
if (record === undefined) throw new Error('the database is not registered');
const { thread } = await databases.open(record);
const caller = { identity, connectionId: '01'.repeat(16), jwtPayload: '{}' };
for (let i = 0; i < CALLS; i++) await thread.request('call', { caller, functionName: 'add', args: `["a", ${i}]` });
await databases.close();
await dataDirectory.close();
