// The benchmark: the funds transfer on Lightcone, on SQLite and on a server that only echoes, with the same driver, one
// after the other; and calls of a reducer that does nothing, on Lightcone. Prints the report.
//
//   npm run bench -- [--short] [--modules-dir <folder>] [--seconds <n>] [--only <text>]
//
// --short         a second per load: does it work at all, not how fast
// --modules-dir   where transfers.wasm and items.wasm were built; the one in the repository otherwise
// --only          runs the loads whose name contains the text
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ACCOUNTS, type Distribution, INITIAL_BALANCE, transferCalls } from './accounts.ts';
import { emptyCalls } from './empty-calls.ts';
import { type LoadResult, runLoad } from './load-driver.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';
import {
  type ServerUnderTest,
  startEcho,
  startLightcone,
  startLightconeItems,
  startSqlite,
} from './server-under-test.ts';

const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    'modules-dir': { type: 'string' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
});
const measureMs = options.short ? 1000 : Number(options.seconds) * 1000;
const warmUpMs = options.short ? 500 : 3000;

interface Row {
  readonly server: string;
  readonly load: string;
  readonly result: LoadResult;
  readonly cpuMicrosPerCall: { readonly user: number; readonly system: number };
  readonly peakMemoryBytes: number;
}

const servers: Record<string, () => Promise<ServerUnderTest>> = {
  Lightcone: () => startLightcone(builtModule('transfers')),
  'Lightcone, empty reducer': () => startLightconeItems(builtModule('items')),
  SQLite: startSqlite,
  echo: startEcho,
};

interface LoadShape {
  readonly protocol: 'v2' | 'v3';
  readonly connections: number;
  readonly inFlight: number;
  /** How accounts are drawn for transfers; none for a reducer that does nothing. */
  readonly distribution: Distribution | 'none';
  /** Whether each answer waits until what it says is on the disk. */
  readonly isConfirmed: boolean;
  readonly servers: readonly string[];
}

const loads: readonly LoadShape[] = [
  shape('v2', 64, 1, 'uniform', ['echo', 'Lightcone', 'SQLite']),
  shape('v3', 64, 96, 'uniform', ['Lightcone', 'SQLite']),
  shape('v3', 64, 96, 'zipf', ['Lightcone', 'SQLite']),
  shape('v2', 64, 40, 'uniform', ['Lightcone', 'SQLite']),
  shape('v3', 8, 128, 'none', ['Lightcone, empty reducer']),
  { ...shape('v2', 1, 1, 'uniform', ['echo', 'Lightcone']), isConfirmed: false },
];

const rows: Row[] = [];
let hasFailed = false;
for (const shape of loads) {
  const load = nameOf(shape);
  for (const name of shape.servers) {
    if (!`${name} ${load}`.includes(options.only)) continue;
    console.error(`${name}, ${load} …`);
    rows.push(await measure(name, load, shape));
  }
}
report();
process.exit(hasFailed ? 1 : 0);

function shape(
  protocol: 'v2' | 'v3',
  connections: number,
  inFlight: number,
  distribution: Distribution | 'none',
  servers: readonly string[],
): LoadShape {
  return { protocol, connections, inFlight, distribution, isConfirmed: true, servers };
}

function nameOf({ protocol, connections, inFlight, distribution, isConfirmed }: LoadShape): string {
  const accounts = distribution === 'none' ? '' : ` ${distribution}`;
  return `${connections} × ${inFlight} ${protocol}${accounts}${isConfirmed ? '' : ' unconfirmed'}`;
}

async function measure(name: string, load: string, shape: LoadShape): Promise<Row> {
  const server = await servers[name]!(); // the names in `loads` are keys of `servers`
  let before: ProcessUsage | undefined;
  let after: ProcessUsage | undefined;
  const result = await runLoad({
    url: shape.isConfirmed ? server.url : server.url.replace('confirmed=true', 'confirmed=false'),
    subprotocol: shape.protocol === 'v2' ? 'v2.bsatn.spacetimedb' : 'v3.bsatn.spacetimedb',
    connections: shape.connections,
    inFlight: shape.inFlight,
    callsOf: (connection) =>
      shape.distribution === 'none' ? emptyCalls() : transferCalls(shape.distribution, 0xc0ffee + connection),
    warmUpMs,
    measureMs,
    onMeasureStart: () => (before = processUsage(server.pid)),
    onMeasureEnd: () => (after = processUsage(server.pid)),
  });
  if (before === undefined || after === undefined) throw new Error('the load ended without being measured');
  const sum = await server.stop();
  const expected = BigInt(ACCOUNTS) * BigInt(INITIAL_BALANCE);
  if (sum !== undefined && sum !== expected) fail(`${name}, ${load}: the balances add up to ${sum}, not ${expected}`);
  if (result.errors > 0) fail(`${name}, ${load}: ${result.errors} calls failed, the first with ${result.firstError}`);
  return {
    server: name,
    load,
    result,
    cpuMicrosPerCall: {
      user: (after.userMicros - before.userMicros) / result.answers,
      system: (after.systemMicros - before.systemMicros) / result.answers,
    },
    peakMemoryBytes: after.peakMemoryBytes,
  };
}

function fail(message: string): void {
  console.error(`FAILED: ${message}`);
  hasFailed = true;
}

function report(): void {
  console.log(
    `\n${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  );
  console.log(
    `${ACCOUNTS} accounts, confirmed reads, ${measureMs / 1000} s each after ${warmUpMs / 1000} s of warm-up\n`,
  );
  console.log(
    '| load | server | calls/s | p50 ms | p99 ms | p99.9 ms | CPU µs/call (user + system) | peak MB | × SQLite | × echo |',
  );
  console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const { load, server, result, cpuMicrosPerCall, peakMemoryBytes } of rows) {
    const { user, system } = cpuMicrosPerCall;
    const cells = [
      load,
      server,
      Math.round(rate(result)),
      result.p50.toFixed(2),
      result.p99.toFixed(2),
      result.p999.toFixed(2),
      `${(user + system).toFixed(1)} (${user.toFixed(1)} + ${system.toFixed(1)})`,
      Math.round(peakMemoryBytes / 1e6),
      ratio(result, load, 'SQLite'),
      ratio(result, load, 'echo'),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

function rate(result: LoadResult): number {
  return result.answers / result.seconds;
}

function ratio(result: LoadResult, load: string, baseline: string): string {
  const other = rows.find((row) => row.load === load && row.server === baseline);
  return other === undefined ? '' : (rate(result) / rate(other.result)).toFixed(2);
}

function builtModule(name: 'transfers' | 'items'): Uint8Array {
  const folder = options['modules-dir'] ?? fileURLToPath(new URL(`../../modules/${name}`, import.meta.url));
  const file = join(folder, `${name}.wasm`);
  if (!existsSync(file))
    throw new Error(`${file} does not exist; build it with: node tools/build-module.ts modules/${name}`);
  return readFileSync(file);
}
