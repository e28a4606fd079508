// What other clients do to a healthy one, and what a row costs that goes to many. Prints two tables.
//
//   npm run bench:clients -- [--seconds <n>] [--idle <n>] [--only <text>]
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ClientTask } from './client-thread.ts';
import { processUsage } from './process-usage.ts';
import { startLightcone } from './server-under-test.ts';
import { callInTurn, connectSmallClient, sharedNow, transferFrame } from './small-client.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    idle: { type: 'string', default: '5000' },
    only: { type: 'string', default: '' },
  },
});
const measureMs = Number(options.seconds) * 1000;
const program = readFileSync(new URL('../../modules/transfers/transfers.wasm', import.meta.url));

const beside: readonly { readonly what: string; readonly task: ClientTask | undefined }[] = [
  { what: 'nobody', task: undefined },
  { what: '8 that never read', task: { kind: 'slow', count: 8, readsByte: false } },
  { what: '8 that read a byte a second', task: { kind: 'slow', count: 8, readsByte: true } },
  { what: '1 that floods, 4,000 calls at once', task: { kind: 'flood', count: 1, burst: 4000 } },
  { what: '4 that flood, 4,000 calls at once', task: { kind: 'flood', count: 4, burst: 4000 } },
  { what: '1 that floods and is closed', task: { kind: 'flood', count: 1, burst: 40_000 } },
  { what: `${options.idle} idle ones`, task: { kind: 'idle', count: Number(options.idle) } },
  { what: 'nobody, again', task: undefined },
];

const [processor] = cpus();
const load = loadavg().map((value) => value.toFixed(1));
console.log(`${cpus().length} × ${processor?.model ?? 'unknown processor'}, Node ${process.version}`);
console.log(`load of the machine before the run: ${load.join(', ')}\n`);

console.log('| beside the healthy client | its calls/s | p50 ms | p99 ms | longest ms | server peak MB |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
for (const { what, task } of beside) {
  if (!what.includes(options.only)) continue;
  const server = await startLightcone(program);
  const url = server.url.replace('confirmed=true', 'confirmed=false');
  const healthy = await connectSmallClient(url);
  await callInTurn(healthy, 1000);
  const thread = task && (await startClients(url, task));
  const latencies = (await callInTurn(healthy, measureMs)).toSorted((a, b) => a - b);
  const cells = [
    what,
    Math.round(latencies.length / (measureMs / 1000)),
    ...[0.5, 0.99, 1].map((q) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))]!.toFixed(2),
    ),
    Math.round(processUsage(server.pid).peakMemoryBytes / 1e6),
  ];
  console.log(`| ${cells.join(' | ')} |`);
  await thread?.terminate();
  healthy.terminate();
  await server.stop();
}

console.log('\n| subscribers | last one has the row after, p50 ms | p99 ms | server CPU µs per row and subscriber |');
console.log('| ---: | ---: | ---: | ---: |');
for (const count of [100, 1000]) {
  if (!`${count} subscribers`.includes(options.only)) continue;
  const server = await startLightcone(program);
  const url = server.url.replace('confirmed=true', 'confirmed=false');
  const thread = await startClients(url, { kind: 'watch', count });
  const writer = await connectSmallClient(url);
  const times: number[] = [];
  const before = processUsage(server.pid);
  const end = sharedNow() + measureMs;
  for (let i = 0; sharedNow() < end; i++) {
    const start = sharedNow();
    const arrived = new Promise<number>((resolve) => thread.once('message', resolve));
    writer.send(transferFrame(i, i % 2, (i + 1) % 2));
    times.push((await arrived) - start);
  }
  const after = processUsage(server.pid);
  const micros = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros;
  times.sort((a, b) => a - b);
  const quantile = (q: number): string => times[Math.floor(times.length * q)]!.toFixed(2);
  console.log(`| ${count} | ${quantile(0.5)} | ${quantile(0.99)} | ${(micros / times.length / count).toFixed(1)} |`);
  await thread.terminate();
  writer.terminate();
  await server.stop();
}

/** Starts a thread of clients and waits until they are connected and at it. */
async function startClients(url: string, task: ClientTask): Promise<Worker> {
  const thread = new Worker(new URL('client-thread.ts', import.meta.url), { workerData: { url, task } });
  await new Promise((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  return thread;
}
