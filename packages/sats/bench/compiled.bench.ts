/*
 * What one operation costs, over many rows in several pages so that no cache flatters it.
 * Run with: node --conditions=lightcone-source packages/sats/bench/compiled.bench.ts
 */
import { Bench } from 'tinybench';
import { ByteReader, ByteWriter, compileJson, compileKey, compileRow, hashBytes, types } from '../src/index.ts';
import type { AlgebraicValue, RowType } from '../src/index.ts';

const PAGES = 16;
const PAGE_BYTES = 65_536;
const BATCH = 1000;

/** Rows spread over pages, and positions in random order. */
function fill(
  row: RowType,
  valueAt: (i: number) => AlgebraicValue,
): { pages: Uint8Array[]; starts: Int32Array; ends: Int32Array } {
  const pages = Array.from({ length: PAGES }, () => new Uint8Array(PAGE_BYTES));
  const used = new Int32Array(PAGES);
  const starts = new Int32Array(BATCH);
  const ends = new Int32Array(BATCH);
  const writer = new ByteWriter();
  for (let i = 0; i < BATCH; i++) {
    writer.reset();
    row.encode(writer, valueAt((i * 7919) % BATCH));
    const page = i % PAGES;
    pages[page]!.set(writer.written(), used[page]); // one of PAGES
    starts[i] = used[page]!;
    used[page]! += writer.length;
    ends[i] = used[page]!;
  }
  return { pages, starts, ends };
}

const account = compileRow(
  types.product([
    ['id', types.u32],
    ['balance', types.i64],
  ]),
  [],
);
const message = compileRow(
  types.product([
    ['id', types.u64],
    ['sender', types.identity],
    ['text', types.string],
    ['sent', types.timestamp],
    ['likes', types.array(types.u32)],
    ['reply', types.option(types.u64)],
  ]),
  [],
);
const accountAt = (i: number): AlgebraicValue => ({ id: i, balance: BigInt(i) * 1000n });
const messageAt = (i: number): AlgebraicValue => ({
  id: BigInt(i),
  sender: { __identity__: BigInt(i) << 200n },
  text: `message number ${i}, of about fifty characters in all`,
  sent: { __timestamp_micros_since_unix_epoch__: 1_700_000_000_000_000n },
  likes: [1, 2, 3],
  reply: { tag: 'some', value: 5n },
});

const bench = new Bench({ name: `sats, ${BATCH} operations each`, time: 300, warmupTime: 100 });
let sink = 0;

for (const [name, row, valueAt] of [
  ['account (u32, i64)', account, accountAt],
  ['message (6 columns, 2 of varying size)', message, messageAt],
] as const) {
  const { pages, starts, ends } = fill(row, valueAt);
  const writer = new ByteWriter(PAGE_BYTES);
  const value = valueAt(7);
  const add = (operation: string, run: (page: Uint8Array, start: number, end: number, i: number) => number): void => {
    bench.add(`${name}: ${operation}`, () => {
      for (let i = 0; i < BATCH; i++) sink += run(pages[i % PAGES]!, starts[i]!, ends[i]!, i); // both are full
    });
  };
  add('nothing (the price of the loop itself)', (page, start) => page.length + start);
  add('validate', (page, start, end) => row.validate(page, start, end));
  add('skip', (page, start) => row.skip(page, start));
  add('hash', (page, start) => row.hash(page, start));
  add('hashBytes', hashBytes);
  add('compare to the next', (page, start, _end, i) => {
    const j = (i + 1) % BATCH;
    return row.compare(page, start, pages[j % PAGES]!, starts[j]!);
  });
  add('start of the last column', (page, start) => row.columns.at(-1)!.start(page, start)); // it has some
  add('encode', () => {
    writer.reset();
    row.encode(writer, value);
    return writer.length;
  });
  add('decode', (page, start, end) => {
    const reader = new ByteReader(page, start, end);
    row.decode(reader);
    return reader.offset;
  });
  const toJson = compileJson(row.type, [], 'untyped');
  add('to JSON', (page, start, end) => toJson(new ByteReader(page, start, end)).length);
}

for (const [name, column] of [
  ['u32', types.u32],
  ['i32', types.i32],
  ['u64', types.u64],
  ['string of 12', types.string],
  ['identity', types.identity],
] as const) {
  const row = compileRow(
    types.product([
      ['before', types.u32],
      ['key', column],
    ]),
    [],
  );
  const key = compileKey(row, [1]);
  const keyOf = (i: number): AlgebraicValue => {
    if (name === 'u64') return BigInt(i);
    if (name === 'identity') return { __identity__: (0xc200n << 240n) | (BigInt(i * 7919) << 210n) };
    return name === 'string of 12' ? `key-${String(i).padStart(8, '0')}` : i;
  };
  const { pages, starts } = fill(row, (i) => ({ before: i, key: keyOf(i) }));
  const writer = new ByteWriter();
  key.writeKey(writer, pages[3]!, starts[3]!); // there are more
  const probe = writer.finish();
  bench.add(`key ${name}: compareKeyToRow`, () => {
    for (let i = 0; i < BATCH; i++) sink += key.compareKeyToRow(probe, 0, pages[i % PAGES]!, starts[i]!);
  });
  bench.add(`key ${name}: hashRow`, () => {
    for (let i = 0; i < BATCH; i++) sink += key.hashRow(pages[i % PAGES]!, starts[i]!);
  });
}

await bench.run();
// oxlint-disable-next-line no-console -- a benchmark prints
console.table(
  bench.tasks.map((task) => ({
    operation: task.name,
    'ns each':
      task.result.state === 'completed' ? ((task.result.latency.p50 * 1e6) / BATCH).toFixed(1) : task.result.state,
  })),
);
if (!Number.isFinite(sink)) throw new Error('nothing was measured');
