// node --expose-gc --conditions=lightcone-source packages/engine/bench/subscriptions.bench.ts
import { performance } from 'node:perf_hooks';
import { types } from '@lightcone/sats';
import { btree } from '../../schema/test/raw-modules.ts';
import { TestCore } from '../test/support/test-core.ts';

const QUERIES = 100_000;
const TRANSACTIONS = 20_000;

/** Live queries, each for another owner, and transactions that change a row of one. */
const core = await TestCore.open({
  item: {
    columns: [
      ['id', types.u32],
      ['owner', types.u32],
      ['text', types.string],
    ],
    indexes: [btree(0), { ...btree(1), name: 'by_owner' }],
  },
});
const client = core.connect('ann');
const megabytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
};
const before = megabytes();
let start = performance.now();
for (let owner = 0; owner < QUERIES; owner++) client.subscribe(`SELECT * FROM item WHERE owner = ${owner}`);
const subscribing = performance.now() - start;
client.messages.length = 0;
const kilobytes = ((megabytes() - before) * 1000) / QUERIES;
console.log(
  `${QUERIES} queries: ${((subscribing * 1000) / QUERIES).toFixed(1)} µs and ${kilobytes.toFixed(1)} kB each`,
);

const row = (id: number, owner: number): never => ({ id, owner, text: 'some text' }) as never;
start = performance.now();
for (let i = 0; i < TRANSACTIONS; i++) core.commit([{ table: 'item', insert: [row(i, (i * 7919) % QUERIES)] }]);
console.log(
  `a transaction of one row: ${(((performance.now() - start) * 1000) / TRANSACTIONS).toFixed(1)} µs, encoded, delivered and decoded`,
);
start = performance.now();
core.commit([{ table: 'item', insert: Array.from({ length: TRANSACTIONS }, (_, i) => row(i + TRANSACTIONS, (i * 7919) % QUERIES)) }]); // prettier-ignore
console.log(
  `one transaction of ${TRANSACTIONS} rows for as many queries: ${(performance.now() - start).toFixed(0)} ms`,
);
