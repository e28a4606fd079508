// node --conditions=lightcone-source packages/engine/bench/sql.bench.ts
import { performance } from 'node:perf_hooks';
import { ConnectionId, types } from '@lightcone/sats';
import { btree, unique } from '../../schema/test/raw-modules.ts';
import { runStatement } from '../src/sql.ts';
import { testIdentity } from '../src/testing/index.ts';
import { TestCore } from '../test/support/test-core.ts';

const ROWS = 10_000;
const ROOMS = ROWS / 10;
const RUN_MS = 1500;

/** Items in rooms of ten, and SQL about them: every statement has another constant, and is planned anew. */
const { core } = await TestCore.open({
  item: {
    columns: [
      ['id', types.u32],
      ['room', types.u32],
      ['name', types.string],
    ],
    primaryKey: [0],
    constraints: [unique(0)],
    indexes: [btree(0), btree(1)],
  },
  room: {
    columns: [
      ['id', types.u32],
      ['name', types.string],
    ],
    primaryKey: [0],
    constraints: [unique(0)],
    indexes: [{ ...btree(0), name: 'room_id' }],
  },
});
const identity = testIdentity('owner');
const caller = { identity, connectionId: ConnectionId.fromBigInt(7n), jwtPayload: '{}' };

function run(sql: string): number {
  return runStatement(core, caller, true, sql).rows.length;
}

for (let from = 0; from < ROWS; from += 500) {
  const ids = Array.from({ length: 500 }, (_, i) => from + i);
  run(`INSERT INTO item (id, room, name) VALUES ${ids.map((id) => `(${id}, ${id % ROOMS}, 'item ${id}')`).join()}`);
}
run(
  `INSERT INTO room (id, name) VALUES ${Array.from({ length: ROWS / 10 }, (_, id) => `(${id}, 'room ${id}')`).join()}`,
);

/** Each with how many rows it yields. */
const statements: readonly (readonly [name: string, rows: number, sql: (n: number) => string])[] = [
  ['point look-up, whole row', 1, (n) => `SELECT * FROM item WHERE id = ${n % ROWS}`],
  ['point look-up, two columns', 1, (n) => `SELECT name, room FROM item WHERE id = ${n % ROWS}`],
  ['look-up of ten rows', 10, (n) => `SELECT * FROM item WHERE room = ${n % ROOMS}`],
  ['index join, one row', 1, (n) => `SELECT r.* FROM item i JOIN room r ON i.room = r.id WHERE i.id = ${n % ROWS}`],
  [
    'index join, ten rows',
    10,
    (n) => `SELECT i.id, r.name FROM item i JOIN room r ON i.room = r.id WHERE r.id = ${n % ROOMS}`,
  ],
  ['UPDATE of one row', 0, (n) => `UPDATE item SET name = 'new ${n}' WHERE id = ${n % ROWS}`],
];

/** How often something is done a second. */
function perSecond(deed: (n: number) => void): number {
  for (let n = 0; n < 2000; n++) deed(n);
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < RUN_MS) for (let i = 0; i < 50; i++) deed(count++);
  return Math.round((count * 1000) / (performance.now() - start));
}

console.table(
  Object.fromEntries(
    statements.map(([name, rows, sql]) => {
      const all = perSecond((n) => {
        if (run(sql(n)) !== rows) throw new Error(`${name}: expected ${rows} rows`);
      });
      const planning = perSecond((n) => void core.queries.planStatement(sql(n), { identity, isOwner: true }));
      return [
        name,
        { 'per second': all, 'µs each': (1e6 / all).toFixed(1), 'of it planning, µs': (1e6 / planning).toFixed(1) },
      ];
    }),
  ),
);
