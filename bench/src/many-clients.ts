// What other clients do to a healthy one, and what the same load does to it from another database of its server and from
// another server, and as many threads of a program that knows no server: what the machine's two cores make of it. Prints
// a table.
//
//   npm run bench:clients -- [--seconds <n>] [--idle <n>] [--only <text>]
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { ACCOUNTS, INITIAL_BALANCE } from './accounts.ts';
import type { ClientTask } from './client-thread.ts';
import { type LightconeProcess, startLightconeProcess } from './lightcone-process.ts';
import { processUsage } from './process-usage.ts';
import { terminate } from './script-process.ts';
import { callInTurn, connectSmallClient } from './small-client.ts';
import { startClients } from './start-clients.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    idle: { type: 'string', default: '5000' },
    only: { type: 'string', default: '' },
  },
});
const measureMs = Number(options.seconds) * 1000;
/** Before it is measured what the others make the server do is compiled, which takes a core for a second. */
const WARM_UP_MS = 1500;
const program = readFileSync(new URL('../../modules/transfers/transfers.wasm', import.meta.url));

/** Where the others are, as seen from the healthy client; `yielding` ones take of the processor what is left. */
type Place = 'same database' | 'same database, yielding' | 'other database' | 'other server';
const EVERYWHERE: readonly Place[] = ['same database', 'same database, yielding', 'other database', 'other server'];
/** For many lines: the two controls, at one priority. */
const ELSEWHERE_TOO: readonly Place[] = ['same database', 'other database', 'other server'];
/** For what only answers to the healthy client's own calls. */
const HERE: readonly Place[] = ['same database'];

interface Beside {
  readonly what: string;
  readonly task?: ClientTask;
  /** Processes that compute and do nothing else. */
  readonly busyProcesses?: number;
  readonly places: readonly Place[];
}

const beside: readonly Beside[] = [
  { what: 'nobody', places: HERE },
  { what: '8 that read everything', task: { kind: 'watch-many', count: 8, reads: 'everything' }, places: HERE },
  { what: '8 that never read', task: { kind: 'watch-many', count: 8, reads: 'nothing' }, places: HERE },
  {
    what: '8 that read a byte a second',
    task: { kind: 'watch-many', count: 8, reads: 'a byte a second' },
    places: HERE,
  },
  { what: '1 that floods, 4,000 calls at once', task: { kind: 'flood', count: 1, burst: 4000 }, places: EVERYWHERE },
  { what: '4 that flood, 4,000 calls at once', task: { kind: 'flood', count: 4, burst: 4000 }, places: EVERYWHERE },
  { what: '1 that floods and is closed', task: { kind: 'flood', count: 1, burst: 40_000 }, places: EVERYWHERE },
  {
    what: '1 that floods with 100 × 1,000 subscriptions',
    task: { kind: 'subscribe-flood', count: 1, queries: 1000 },
    places: EVERYWHERE,
  },
  ...(['calls', 'queries'] as const).flatMap((asks): Beside[] => [
    {
      what: `64 over HTTP, 1 at a time: ${asks}`,
      task: { kind: 'http-flood', count: 64, ahead: 1, asks },
      places: ELSEWHERE_TOO,
    },
    {
      what: `1 over HTTP, 1,000 ahead: ${asks}`,
      task: { kind: 'http-flood', count: 1, ahead: 1000, asks },
      places: ELSEWHERE_TOO,
    },
  ]),
  { what: `${options.idle} idle ones`, task: { kind: 'idle', count: Number(options.idle) }, places: HERE },
  { what: '2 that only compute', busyProcesses: 2, places: HERE },
  { what: '3 that only compute', busyProcesses: 3, places: HERE },
  { what: 'nobody, again', places: HERE },
];

const [processor] = cpus();
const load = loadavg().map((value) => value.toFixed(1));
console.log(`${cpus().length} × ${processor?.model ?? 'unknown processor'}, Node ${process.version}`);
console.log(`load of the machine before the run: ${load.join(', ')}\n`);

console.log('| beside the healthy client | at | its calls/s | p50 ms | p99 ms | longest ms | server peak MB |');
console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: |');
for (const each of beside) {
  if (!each.what.includes(options.only)) continue;
  for (const place of each.places) await measure(each, place);
}

async function measure({ what, task, busyProcesses = 0 }: Beside, place: Place): Promise<void> {
  const server = await startWithAccounts(['healthy', 'other']);
  const otherServer = place === 'other server' ? await startWithAccounts(['other']) : undefined;
  const healthy = await connectSmallClient(urlOf(server, 'healthy'));
  await callInTurn(healthy, 1000);
  const url = urlOf(otherServer ?? server, place.startsWith('same database') ? 'healthy' : 'other');
  const thread = task && (await startClients(url, task, place.endsWith('yielding')));
  const busy = Array.from({ length: busyProcesses }, () =>
    spawn(process.execPath, ['--eval', 'for (;;);'], { stdio: 'ignore' }),
  );
  await callInTurn(healthy, WARM_UP_MS);
  const latencies = (await callInTurn(healthy, measureMs)).toSorted((a, b) => a - b);
  const cells = [
    what,
    task === undefined ? '' : place,
    Math.round(latencies.length / (measureMs / 1000)),
    ...[0.5, 0.99, 1].map((q) =>
      latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * q))]!.toFixed(2),
    ),
    Math.round(processUsage(server.pid).peakMemoryBytes / 1e6),
  ];
  console.log(`| ${cells.join(' | ')} |`);
  await Promise.all([thread?.terminate(), ...busy.map((child) => terminate(child, 'SIGKILL'))]);
  healthy.terminate();
  await Promise.all([server.stop(), otherServer?.stop()]);
}

async function startWithAccounts(databases: readonly string[]): Promise<LightconeProcess> {
  const server = await startLightconeProcess();
  for (const database of databases) {
    await server.publish(database, program);
    await server.call(database, 'seed', [ACCOUNTS, INITIAL_BALANCE]);
  }
  return server;
}

function urlOf({ address }: LightconeProcess, database: string): string {
  return `ws://${address}/v1/database/${database}/subscribe?compression=None&confirmed=false`;
}
