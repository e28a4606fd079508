/**
 * What sleeping procedures cost a reducer: the same calls with none and with two hundred asleep.
 *
 *     node --conditions=lightcone-source packages/engine/bench/sleeping-procedures.bench.ts
 */
import { readFileSync } from 'node:fs';
import { Bench } from 'tinybench';
import { openTestDatabase } from '../src/testing/index.ts';

const program = readFileSync(new URL('../../../modules/procedures/procedures.wasm', import.meta.url));
const bench = new Bench({ name: 'write and erase an entry', time: 1000 });
for (const asleep of [0, 200]) {
  const test = await openTestDatabase(program);
  const session = await test.connect('alice');
  const sleeping = Array.from({ length: asleep }, () => session.callProcedure('sleep', 1_000_000_000n));
  for (const sleep of sleeping) sleep.catch(() => {}); // it never ends
  bench.add(`${asleep} procedures asleep`, async () => {
    await session.call('write', 'entry');
    await session.call('erase', 'entry');
  });
}
await bench.run();
console.table(bench.table());
