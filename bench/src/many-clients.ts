// What other clients do to a healthy one. Prints a table.
//
//   npm run bench:clients -- [--seconds <n>] [--idle <n>] [--only <text>]
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { ClientTask } from './client-thread.ts';
import { startClients } from './start-clients.ts';
import { processUsage } from './process-usage.ts';
import { startLightcone } from './server-under-test.ts';
import { callInTurn, connectSmallClient } from './small-client.ts';

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
  {
    what: '1 that floods with 100 × 1,000 subscriptions',
    task: { kind: 'subscribe-flood', count: 1, queries: 1000 },
  },
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
