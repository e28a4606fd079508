import { ByteWriter, compileRow, types } from '@lightcone/sats';
import { type IndexDefinition, PointerList, Store } from '../src/index.ts';

/**
 * The hot path of a transfer, and tables of a million rows of 12 bytes: accounts(id u32, balance i64).
 *
 *     node --conditions=lightcone-source packages/store/bench/accounts.bench.ts
 */
const fields = types.product([
  ['id', types.u32],
  ['balance', types.i64],
]);
const row = compileRow(fields, []);

function makeStore(algorithm: IndexDefinition['algorithm']): Store {
  const store = new Store();
  const transaction = store.begin();
  const index = { id: 1, name: 'accounts_id_idx', algorithm, columns: [0], isUnique: true };
  transaction.createTable({
    id: 1,
    name: 'accounts',
    row,
    indexes: [index],
    sequences: [],
    isEvent: false,
    isEphemeral: false,
  });
  transaction.commit();
  return store;
}

/** Inserts accounts, a thousand per transaction. Returns ns per row. */
function fill(store: Store, ids: Uint32Array): number {
  const table = store.table(1);
  const writer = new ByteWriter();
  const begin = performance.now();
  for (let from = 0; from < ids.length; from += 1000) {
    const transaction = store.begin();
    for (let i = from; i < Math.min(from + 1000, ids.length); i++) {
      writer.reset();
      writer.u32(ids[i]!);
      writer.u64Number(1000);
      transaction.insert(table, writer.bytes, 0, writer.length);
    }
    transaction.commit().release();
  }
  return ((performance.now() - begin) * 1e6) / ids.length;
}

/** Two look-ups and two updates, as a transfer makes them, per transaction. Returns ns per transaction. */
function transfer(store: Store, ids: Uint32Array, count: number): number {
  const table = store.table(1);
  const index = table.index(1);
  const key = new ByteWriter(16);
  const writer = new ByteWriter(16);
  let state = 12_345;
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const transaction = store.begin();
    for (let side = 0; side < 2; side++) {
      state = random(state);
      key.reset();
      key.u32(ids[state % ids.length]!);
      const found = index.findUnique(key.bytes, 0, 4);
      const start = table.start(found);
      writer.reset();
      writer.slice(table.bytes(found), start, start + 12);
      writer.bytes[4 + (i & 3)] = (state >>> 8) & 255;
      transaction.update(table, index, writer.bytes, 0, 12);
    }
    transaction.commit().release();
  }
  return ((performance.now() - begin) * 1e6) / count;
}

/** Look-ups of random ids. Returns ns per look-up. */
function find(store: Store, ids: Uint32Array, count: number): number {
  const index = store.table(1).index(1);
  const key = new ByteWriter(16);
  let state = 777;
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    state = random(state);
    key.reset();
    key.u32(ids[state % ids.length]!);
    if (index.findUnique(key.bytes, 0, 4) < 0) throw new Error('an account is missing');
  }
  return ((performance.now() - begin) * 1e6) / count;
}

/** Visits all rows. Returns ns per row. */
function scan(store: Store): number {
  const rows = new PointerList();
  const begin = performance.now();
  store.table(1).collect(rows);
  return ((performance.now() - begin) * 1e6) / rows.length;
}

/** The best of several rounds: others use the machine, too. */
function best(rounds: number, measure: () => number): number {
  return Math.min(...Array.from({ length: rounds }, measure));
}

function random(state: number): number {
  return (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
}

function makeIds(count: number, order: string): Uint32Array {
  const ids = Uint32Array.from({ length: count }, (_, i) => i);
  if (order === 'ascending') return ids;
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = random(state);
    const j = state % (i + 1);
    [ids[i], ids[j]] = [ids[j]!, ids[i]!]; // both below count
  }
  return ids;
}

fill(makeStore('btree'), makeIds(50_000, 'random')); // warms up what all share

const report: Record<string, string | number>[] = [];
for (const algorithm of ['btree', 'hash', 'direct'] as const) {
  for (const count of [100_000, 1_000_000]) {
    for (const order of ['ascending', 'random'] as const) {
      const ids = makeIds(count, order);
      const store = makeStore(algorithm);
      const insertNs = fill(store, ids);
      report.push({
        index: algorithm,
        rows: count,
        'order of ids': order,
        'insert ns': Math.round(insertNs),
        'find ns': Math.round(best(15, () => find(store, ids, 50_000))),
        'transfer ns': Math.round(best(15, () => transfer(store, ids, 50_000))),
        'scan ns/row': best(3, () => scan(store)).toFixed(1),
        'bytes/row': (store.byteSize / count).toFixed(1),
      });
    }
  }
}
console.table(report);
