// The transfer module in each language that a module can be written in, side by side, with the same driver; and how
// large the example modules are. Prints two tables.
//
//   npm run bench:languages -- [--seconds <n>] [--rounds <n>]
import { readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { ACCOUNTS, INITIAL_BALANCE, transferCalls } from './accounts.ts';
import { type LoadResult, runLoad } from './load-driver.ts';
import { type ProcessUsage, processUsage } from './process-usage.ts';
import { startLightcone } from './server-under-test.ts';

const LANGUAGES = { Rust: '', 'C++': '-cpp', AssemblyScript: '-assemblyscript' } as const;
type Language = keyof typeof LANGUAGES;

const LOADS = [
  { name: '64 × 1 v2', subprotocol: 'v2.bsatn.spacetimedb', connections: 64, inFlight: 1 },
  { name: '64 × 96 v3', subprotocol: 'v3.bsatn.spacetimedb', connections: 64, inFlight: 96 },
] as const;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '1' } },
});
const measureMs = Number(options.seconds) * 1000;

console.log(`${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}\n`);
sizes();
await transfers();

function sizes(): void {
  console.log('| module | language | bytes | compressed by gzip |');
  console.log('| --- | --- | ---: | ---: |');
  for (const module of ['quickstart-chat', 'transfers', 'features']) {
    for (const [language, ending] of Object.entries(LANGUAGES)) {
      const path = wasmPath(`${module}${ending}`);
      const compressed = gzipSync(readFileSync(path), { level: 9 }).length;
      console.log(`| ${module} | ${language} | ${statSync(path).size} | ${compressed} |`);
    }
  }
  console.log();
}

/** By turns, so that what else the machine does meets all of them. */
async function transfers(): Promise<void> {
  console.log('| load | language | calls/s | p50 ms | p99 ms | server CPU µs/call | peak MB |');
  console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: |');
  for (const load of LOADS) {
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [language, ending] of Object.entries(LANGUAGES)) {
        await measure(load, language as Language, readFileSync(wasmPath(`transfers${ending}`)));
      }
    }
  }
}

async function measure(load: (typeof LOADS)[number], language: Language, module: Uint8Array): Promise<void> {
  const server = await startLightcone(module);
  let before: ProcessUsage | undefined;
  let after: ProcessUsage | undefined;
  const result: LoadResult = await runLoad({
    url: server.url,
    subprotocol: load.subprotocol,
    connections: load.connections,
    inFlight: load.inFlight,
    callsOf: (connection) => transferCalls('uniform', 0xc0ffee + connection),
    warmUpMs: 2000,
    measureMs,
    onMeasureStart: () => (before = processUsage(server.pid)),
    onMeasureEnd: () => (after = processUsage(server.pid)),
  });
  if (before === undefined || after === undefined) throw new Error('the load ended without being measured');
  const sum = await server.stop();
  if (sum !== BigInt(ACCOUNTS) * BigInt(INITIAL_BALANCE)) throw new Error(`${language}: the balances add up to ${sum}`);
  if (result.errors > 0) throw new Error(`${language}: ${result.errors} calls failed, first ${result.firstError}`);
  const micros = after.userMicros - before.userMicros + after.systemMicros - before.systemMicros;
  const cells = [
    load.name,
    language,
    Math.round(result.answers / result.seconds),
    result.p50.toFixed(2),
    result.p99.toFixed(2),
    (micros / result.answers).toFixed(1),
    Math.round(after.peakMemoryBytes / 1e6),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

function wasmPath(name: string): string {
  return fileURLToPath(new URL(`../../modules/${name}/${name}.wasm`, import.meta.url));
}
