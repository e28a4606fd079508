import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArrivalTimes, ClientTask } from './client-thread.ts';
import { type LightconeProcess, startLightconeProcess } from './lightcone-process.ts';
import { processUsage } from './process-usage.ts';
import { quantile } from './quantile.ts';
import { callInTurn, connectSmallClient } from './small-client.ts';
import { startClients } from './start-clients.ts';

const modules = new URL('../../modules/', import.meta.url);
const itemsModule = readFileSync(new URL('items/items.wasm', modules));
const transfersModule = readFileSync(new URL('transfers/transfers.wasm', modules));
const MAX_PER_CALL = 100_000;
const SUBSCRIPTIONS = 5;

/** One client subscribes to a large table, again and again, while a client of another database calls in turn, confirmed. */
export async function initialSubscription(items: number): Promise<void> {
  const server = await startLightconeProcess();
  await server.publish('items', itemsModule);
  await server.publish('transfers', transfersModule);
  await server.call('transfers', 'seed', [1000, 1_000_000]);
  for (let first = 0; first < items; first += MAX_PER_CALL) {
    await server.call('items', 'insert_items', [first, Math.min(MAX_PER_CALL, items - first)]);
  }
  console.log(
    `\n${items} items of 16 bytes; medians of ${SUBSCRIPTIONS} subscriptions, beside a client of another database`,
  );
  console.log(
    '\n| compression | MB sent | first byte, ms | last byte, ms | server CPU ms | other database: p99 ms | longest ms |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const compression of [undefined, 'None', 'Gzip', 'Brotli'] as const) await measure(server, compression);
  await server.stop();
}

/** @param compression undefined: nobody subscribes */
async function measure(server: LightconeProcess, compression: string | undefined): Promise<void> {
  const other = await connectSmallClient(`ws://${server.address}/v1/database/transfers/subscribe?confirmed=true`);
  await callInTurn(other, 300);
  const before = processUsage(server.pid);
  const url = `ws://${server.address}/v1/database/items/subscribe?compression=${compression ?? 'None'}&confirmed=false`;
  const task: ClientTask = { kind: 'read', query: 'SELECT * FROM item', times: compression ? SUBSCRIPTIONS : 0 };
  const isOver = new AbortController();
  const calling = callInTurn(other, Infinity, isOver.signal);
  const thread = await startClients(url, task);
  const arrivals = await new Promise<ArrivalTimes[]>((resolve) => {
    thread.once('message', resolve);
    thread.postMessage('begin');
  });
  if (compression === undefined) await sleep(1000);
  isOver.abort();
  const latencies = await calling;
  const after = processUsage(server.pid);
  const cpuMs = (after.userMicros + after.systemMicros - before.userMicros - before.systemMicros) / 1000;
  const median = (of: (times: ArrivalTimes) => number): number => quantile(arrivals.map(of), 0.5);
  const cells =
    compression === undefined
      ? ['nobody subscribes', '', '', '', '']
      : [
          compression,
          (median(({ bytes }) => bytes) / 1e6).toFixed(1),
          median(({ firstByteMs }) => firstByteMs).toFixed(0),
          median(({ lastByteMs }) => lastByteMs).toFixed(0),
          (cpuMs / SUBSCRIPTIONS).toFixed(0),
        ];
  const longest = [0.99, 1].map((q) => quantile(latencies, q).toFixed(1));
  console.log(`| ${[...cells, ...longest].join(' | ')} |`);
  await thread.terminate();
  other.terminate();
}
