/*
 * How to get a u32 out of one of many Uint8Arrays: by hand, through a DataView found in a cache, through a new one.
 * Run with: node --conditions=lightcone-source packages/sats/bench/load.bench.ts
 */
import { Bench } from 'tinybench';

const PAGE_BYTES = 65_536;
const LOADS = 4096;
const pages = Array.from({ length: 64 }, () => new Uint8Array(PAGE_BYTES).fill(7));
/** Far apart in page and position, the same in every run. */
const places = Array.from({ length: LOADS }, (_, i) => ({ page: pages[(i * 37) % 64]!, at: (i * 7919) % 65_000 })); // 64 pages

const views = new WeakMap<Uint8Array, DataView>(pages.map((page) => [page, new DataView(page.buffer)]));
let lastPage: Uint8Array = pages[0]!; // there are 64
let lastView = new DataView(lastPage.buffer);

function cachedView(page: Uint8Array): DataView {
  if (page !== lastPage) {
    lastPage = page;
    lastView = views.get(page)!; // made for all pages
  }
  return lastView;
}

let sink = 0;
const bench = new Bench({ time: 500 });
bench.add('by hand', () => {
  for (const { page, at } of places) {
    sink += (page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24)) >>> 0;
  }
});
bench.add('cached DataView', () => {
  for (const { page, at } of places) sink += cachedView(page).getUint32(at, true);
});
bench.add('new DataView', () => {
  for (const { page, at } of places) sink += new DataView(page.buffer, page.byteOffset).getUint32(at, true);
});
await bench.run();
// oxlint-disable-next-line no-console -- a benchmark prints
console.table(
  bench.tasks.map((task) => ({
    load: task.name,
    'ns each':
      task.result.state === 'completed' ? ((task.result.latency.p50 * 1e6) / LOADS).toFixed(1) : task.result.state,
  })),
);
if (!Number.isFinite(sink)) throw new Error('nothing was measured');
