// node --conditions=lightcone-source packages/query/bench/predicate.bench.ts
import { ByteWriter, types } from '@lightcone/sats';
import { Bench } from 'tinybench';
import { planStatement, planSubscription } from '../src/index.ts';
import { MemoryDatabase } from '../test/memory-database.ts';

const ROWS = 1000;
const database = new MemoryDatabase([
  {
    name: 't',
    columns: [
      { name: 'id', type: types.u64 },
      { name: 'room', type: types.u32 },
      { name: 'name', type: types.string },
      { name: 'owner', type: types.identity },
      { name: 'age', type: types.i32 },
    ],
    indexes: [[0]],
  },
]);
const writer = new ByteWriter();
const starts: number[] = [];
for (let i = 0; i < ROWS; i++) {
  starts.push(writer.length);
  const owner = { __identity__: BigInt(i) << 200n };
  database
    .findTable('t')
    ?.row.encode(writer, { id: BigInt(i), room: i % 10, name: `name ${i % 7}`, owner, age: i % 90 });
}
const bytes = writer.finish();
const sender = new Uint8Array(32);

const bench = new Bench({ name: `matches, ${ROWS} rows a run`, time: 300 });
for (const condition of ['room = 3', 'id > 77', "name = 'name 3'", 'owner = :sender', 'age >= 18 AND age < 65']) {
  const plan = planSubscription(`SELECT * FROM t WHERE ${condition}`, database);
  if (plan.kind !== 'table') throw new Error('not a plan of one table');
  const { matches } = plan;
  bench.add(condition, () => {
    for (const start of starts) matches?.(bytes, start, sender);
  });
}
const statement = "SELECT name, age AS years FROM t WHERE id = 5 AND name = 'x' LIMIT 10";
bench.add(`plan ${statement}`, () => planStatement(statement, database));
await bench.run();
console.table(bench.table());
