import { ByteWriter, compileRow, types } from '@lightcone/sats';
import { type IndexDefinition, Store } from '../src/index.ts';

/**
 * The hot path of a transfer, and tables of a million rows.
 *
 *     node --conditions=lightcone-source --expose-gc bench/accounts.bench.ts
 */
const row = compileRow(types.product([['id', types.u32], ['balance', types.i64]]), []); // prettier-ignore

function makeStore(algorithm: IndexDefinition['algorithm'], isUnique = true): Store {
  const store = new Store();
  const transaction = store.begin();
  const index = { id: 1, name: 'accounts_id_idx', algorithm, columns: [0], isUnique };
  transaction.createTable({ id: 1, name: 'accounts', row, indexes: [index], sequences: [], isEvent: false });
  transaction.commit();
  return store;
}

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
function transfers(store: Store, ids: Uint32Array, count: number): number {
  const table = store.table(1);
  const index = table.index(1);
  const key = new ByteWriter(16);
  const writer = new ByteWriter(16);
  let state = 12345;
  const begin = performance.now();
  for (let i = 0; i < count; i++) {
    const transaction = store.begin();
    for (let side = 0; side < 2; side++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      key.reset();
      key.u32(ids[state % ids.length]!);
      const found = index.findUnique(key.bytes, 0, 4);
      const page = table.bytes(found);
      const start = table.start(found);
      writer.reset();
      writer.slice(page, start, start + 12);
      writer.bytes[4 + (i & 3)] = (state >>> 8) & 255;
      transaction.update(table, index, writer.bytes, 0, 12);
    }
    transaction.commit().release();
  }
  return ((performance.now() - begin) * 1e6) / count;
}

function shuffled(count: number): Uint32Array {
  const ids = Uint32Array.from({ length: count }, (_, i) => i);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = state % (i + 1);
    [ids[i], ids[j]] = [ids[j]!, ids[i]!];
  }
  return ids;
}

const report: Record<string, string | number>[] = [];
for (const algorithm of ['btree', 'hash', 'direct'] as const) {
  for (const count of [100_000, 1_000_000]) {
    for (const order of ['ascending', 'random'] as const) {
      const ids = order === 'ascending' ? Uint32Array.from({ length: count }, (_, i) => i) : shuffled(count);
      const store = makeStore(algorithm);
      const insertNs = fill(store, ids);
      // The best of several rounds: others use the machine, too.
      const transferNs = Math.min(...Array.from({ length: 15 }, () => transfers(store, ids, 50_000)));
      report.push({
        index: algorithm,
        rows: count,
        keys: order,
        'insert ns': Math.round(insertNs),
        'transfer ns': Math.round(transferNs),
        'bytes/row': (store.byteSize / count).toFixed(1),
      });
    }
  }
}
console.table(report);
