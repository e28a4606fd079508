// What one reducer does with very many rows, beside SQLite; what they weigh; how long starts take; whether a larger
// table makes transactions slower. Prints four tables.
//
//   npm run bench:items -- [--items <n>] [--only rows|memory|starts|growth] [--accounts <n>,…]
//
// --accounts      the sizes for `growth`, 10⁴ to 10⁷ by default; all of them take two minutes
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { transferCalls } from './accounts.ts';
import { BUILT, type LightconeProcess, SOURCES, startLightconeProcess } from './lightcone-process.ts';
import { type Load, runLoad } from './load-driver.ts';
import { processUsage } from './process-usage.ts';

const { values: options } = parseArgs({
  options: {
    items: { type: 'string', default: '1000000' },
    only: { type: 'string', default: '' },
    accounts: { type: 'string', default: '10000,100000,1000000,10000000' },
  },
});
const ITEMS = Number(options.items);
/** A server gives back what it needed for a moment within this time: its threads collect when they are first idle. */
const SETTLED_MS = 7000;

/** A scan takes 20 ms, which is too short to be measured once. */
const SCANS = 20;

/** Enough for the compilers to be done. */
const WARM_UP_ITEMS = 20_000;
const WARM_UP_ROUNDS = 10;

const modules = new URL('../../modules/', import.meta.url);
const itemsModule = readFileSync(new URL('items/items.wasm', modules));
const transfersModule = readFileSync(new URL('transfers/transfers.wasm', modules));
const largestModule = readFileSync(new URL('tables/tables.wasm', modules));

console.log(
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${ITEMS} items of 16 bytes\n`,
);
if ('rows'.includes(options.only)) await rows();
if ('memory'.includes(options.only)) await memory();
if ('starts'.includes(options.only)) await starts();
if ('growth'.includes(options.only)) await growth();

/** Rows a second inside one reducer, and inside one transaction of SQLite in this process. */
async function rows(): Promise<void> {
  const server = await startLightconeProcess();
  await server.publish('items', itemsModule);
  const sqlite = sqliteItems();
  for (let i = 0; i < WARM_UP_ROUNDS; i++) {
    for (const [reducer, args] of workloads(WARM_UP_ITEMS)) await server.call('items', reducer, args);
    await server.call('items', 'clear_items', []);
  }
  console.log('| in one reducer | rows/s | server CPU µs/row | × SQLite |');
  console.log('| --- | ---: | ---: | ---: |');
  for (const [reducer, args, what] of workloads(ITEMS)) {
    const times = reducer === 'scan_items' ? SCANS : 1;
    const all = await timed(server, async () => {
      for (let i = 0; i < times; i++) await server.call('items', reducer, args);
    });
    const [seconds, cpuMicros] = [all.seconds / times, all.cpuMicros / times];
    const sqliteStart = performance.now();
    sqlite[reducer]();
    const sqliteSeconds = (performance.now() - sqliteStart) / 1000;
    const cells = [
      what,
      Math.round(ITEMS / seconds),
      (cpuMicros / ITEMS).toFixed(2),
      (sqliteSeconds / seconds).toFixed(2),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
  await server.stop();
}

/** Reducers with their arguments, and what they do to each item. */
function workloads(items: number) {
  return [
    ['insert_items', [0, items], 'inserts'],
    ['scan_items', [], 'full scan of rows as inserted'],
    ['find_items', [items, items], 'look-ups by primary key'],
    ['update_items', [items, items], 'updates by primary key'],
    ['scan_items', [], 'full scan of rows updated in no order'],
  ] as const;
}

/** Resident bytes that an item adds to the server, its unique index included. */
async function memory(): Promise<void> {
  console.log('\n| bytes of memory per item | |\n| --- | ---: |');
  let server = await startLightconeProcess();
  await server.publish('items', itemsModule);
  await sleep(SETTLED_MS);
  const empty = processUsage(server.pid).residentBytes;
  await server.call('items', 'insert_items', [0, ITEMS]);
  await sleep(SETTLED_MS);
  perItem('right after one transaction inserted them all', server, empty);
  server = await server.restart('SIGTERM');
  await server.sql('items', 'SELECT * FROM item WHERE id = 0');
  await sleep(SETTLED_MS);
  perItem('after a restart', server, empty);
  await server.stop();
}

function perItem(when: string, server: LightconeProcess, emptyBytes: number): void {
  console.log(`| ${when} | ${Math.round((processUsage(server.pid).residentBytes - emptyBytes) / ITEMS)} |`);
}

/** Starts, publishes, and what an idle server is. */
async function starts(): Promise<void> {
  console.log('\n| | |\n| --- | ---: |');
  for (const [what, script] of [
    ['from its sources', SOURCES],
    ['as built', BUILT],
  ] as const) {
    if (!existsSync(new URL(`../../${script}`, import.meta.url))) {
      line(`start ${what}`, 'not measured: run `npm run build` first');
      continue;
    }
    const start = performance.now();
    const server = await startLightconeProcess(script);
    line(`start ${what}, until HTTP answers`, `${Math.round(performance.now() - start)} ms`);
    await idle(`an idle server ${what}, without databases`, server);
    await server.publish('transfers', transfersModule);
    await idle(`an idle server ${what}, with one small module`, server);
    await server.stop();
    const withoutSnapshots = await startLightconeProcess(script, '[snapshots]\nevery-transactions = 1_000_000_000\n');
    await withoutSnapshots.publish('transfers', transfersModule);
    await replay(what, withoutSnapshots);
  }
  const server = await startLightconeProcess();
  const published = performance.now();
  await server.publish('large', largestModule);
  line(
    `publish of a module of ${(largestModule.length / 1e6).toFixed(2)} MB`,
    `${Math.round(performance.now() - published)} ms`,
  );
  await server.stop();
}

/** Makes a log of small transactions and starts again on it. */
async function replay(what: string, server: LightconeProcess): Promise<void> {
  await server.call('transfers', 'seed', [100_000, 1_000_000_000]);
  let transactions = 0;
  while (transactions < ITEMS) {
    const result = await runLoad({
      ...confirmedLoad(server),
      callsOf: (connection) => transferCalls('uniform', connection),
      warmUpMs: 0,
      measureMs: 1000,
      onMeasureStart: () => undefined,
      onMeasureEnd: () => undefined,
    });
    transactions += result.answers;
  }
  const opening = performance.now();
  const again = await server.restart('SIGKILL');
  await again.sql('transfers', 'SELECT * FROM accounts WHERE id = 0');
  const seconds = (performance.now() - opening) / 1000;
  line(
    `restart ${what} over ${transactions} small transactions, until a query is answered`,
    `${seconds.toFixed(2)} s, ${Math.round(transactions / seconds)}/s`,
  );
  await again.stop();
}

/** Transfers between accounts of tables of different sizes. */
async function growth(): Promise<void> {
  console.log(
    '\n| accounts | transfers/s, 64 × 96 in flight, v3, confirmed | server CPU µs/transfer |\n| ---: | ---: | ---: |',
  );
  for (const accounts of options.accounts.split(',').map(Number)) {
    // One call makes all accounts, and more of them than a call has energy for by default.
    const server = await startLightconeProcess(SOURCES, '[modules]\nenergy-per-call = 1_000_000_000_000\n');
    await server.publish('transfers', transfersModule);
    await server.call('transfers', 'seed', [accounts, 1_000_000_000]);
    let before = 0;
    let after = 0;
    const { answers, seconds } = await runLoad({
      ...confirmedLoad(server),
      callsOf: (connection) => transferCalls('uniform', connection, accounts),
      warmUpMs: 2000,
      measureMs: 5000,
      onMeasureStart: () => (before = busyMicros(server)),
      onMeasureEnd: () => (after = busyMicros(server)),
    });
    console.log(`| ${accounts} | ${Math.round(answers / seconds)} | ${((after - before) / answers).toFixed(2)} |`);
    await server.stop();
  }
}

/** 64 connections with 96 calls of `transfers` in flight each. */
function confirmedLoad(server: LightconeProcess): Pick<Load, 'url' | 'subprotocol' | 'connections' | 'inFlight'> {
  return {
    url: `ws://${server.address}/v1/database/transfers/subscribe?compression=None&confirmed=true`,
    subprotocol: 'v3.bsatn.spacetimedb',
    connections: 64,
    inFlight: 96,
  };
}

async function idle(what: string, server: LightconeProcess): Promise<void> {
  await sleep(SETTLED_MS);
  const { seconds, cpuMicros } = await timed(server, () => sleep(10_000));
  const resident = Math.round(processUsage(server.pid).residentBytes / 1e6);
  line(what, `${resident} MB resident, ${(cpuMicros / seconds / 1000).toFixed(1)} ms of CPU a second`);
}

function line(what: string, value: string): void {
  console.log(`| ${what} | ${value} |`);
}

async function timed(
  server: LightconeProcess,
  deed: () => Promise<unknown>,
): Promise<{ seconds: number; cpuMicros: number }> {
  const before = busyMicros(server);
  const start = performance.now();
  await deed();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, cpuMicros: busyMicros(server) - before };
}

function busyMicros(server: LightconeProcess): number {
  const { userMicros, systemMicros } = processUsage(server.pid);
  return userMicros + systemMicros;
}

/** The same work in SQLite, in memory and without a network: each of them one transaction. */
function sqliteItems(): Record<'insert_items' | 'find_items' | 'update_items' | 'scan_items', () => void> {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE item (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER NOT NULL)');
  const insert = database.prepare('INSERT INTO item VALUES (?, ?, ?)');
  const find = database.prepare('SELECT a FROM item WHERE id = ?').pluck();
  const update = database.prepare('UPDATE item SET a = ?, b = ? WHERE id = ?');
  const scan = database.prepare('SELECT id, a, b FROM item').raw();
  const scattered = function* (): Generator<number> {
    for (let i = 0; i < ITEMS; i++) yield (Math.imul(i, 0x9e3779b1) >>> 0) % ITEMS;
  };
  return {
    insert_items: database.transaction(() => {
      for (let id = 0; id < ITEMS; id++) insert.run(id, id, 0);
    }),
    find_items: database.transaction(() => {
      for (const id of scattered()) find.get(id);
    }),
    update_items: database.transaction(() => {
      for (const id of scattered()) update.run(id, 1, id);
    }),
    scan_items: database.transaction(() => {
      for (const _ of scan.iterate());
    }),
  };
}
