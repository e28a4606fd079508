import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openTestDatabase } from '../src/testing/index.ts';

const person = readFileSync(new URL('../../../modules/person/person.wasm', import.meta.url));
test('smoke', async () => {
  await using db = await openTestDatabase(person);
  console.log(await db.database.sql('SELECT * FROM tick_timer'), await db.database.sql('SELECT * FROM st_scheduled'));
  for (let i = 0; i < 5; i++) {
    await db.clock.advance(1000);
    console.log(
      db.database.database.metrics().scheduledFunctionDelays,
      db.database.database.metrics().reducers.get('tick'),
    );
  }
  console.log(db.logs);
});
