// node --conditions=lightcone-source packages/host/bench/metering.bench.ts
// What the meter costs in code that does nothing but compute, what other ways to count would, and how long the
// rewriting takes. Times are the best of ROUNDS (7) runs, metered and plain by turns.
import { readFileSync } from 'node:fs';
import loadWabt from 'wabt';
import { meterModule } from '../src/wasm/meter.ts';
import { readModuleShape } from '../src/wasm/module-shape.ts';
import { KERNELS } from './kernels.ts';

type Run = (n: number) => number;

const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const wabt = await loadWabt();

function assemble(text: string): Uint8Array {
  const module = wabt.parseWat('kernel.wat', text);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

function instantiate(bytes: Uint8Array): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource)).exports;
}

/** The best time of each function in milliseconds. The first rounds, in which V8 compiles, do not count. */
function bestTimes(runs: readonly Run[], n: number): number[] {
  const best = runs.map(() => Infinity);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const started = process.threadCpuUsage(); // not the time of others on this machine
      run(n);
      const elapsed = process.threadCpuUsage(started).user / 1000;
      if (round >= 0) best[i] = Math.min(best[i]!, elapsed); // one per run
    }
  }
  return best;
}

function percent(time: number, base: number): string {
  return `${time >= base ? '+' : ''}${((time / base - 1) * 100).toFixed(0)} %`;
}

const kernels = Object.entries(KERNELS).map(([name, { wat, n }]) => {
  const bytes = assemble(`(module ${wat})`);
  const metered = meterModule(readModuleShape(bytes), { maxMemoryPages: 1000, initialFuel: 2 ** 52 });
  const exports = instantiate(metered.bytes);
  const fuel = exports[metered.fuelExport] as WebAssembly.Global;
  const run = exports['run'] as Run;
  const before = fuel.value as bigint;
  run(n);
  const energy = Number(before - (fuel.value as bigint));
  const [plainMs, meteredMs] = bestTimes([instantiate(bytes)['run'] as Run, run], n) as [number, number];
  return {
    kernel: name,
    'plain ms': plainMs.toFixed(1),
    'metered ms': meteredMs.toFixed(1),
    cost: percent(meteredMs, plainMs),
    'units/ns': (energy / meteredMs / 1e6).toFixed(1),
  };
});
console.table(kernels);

// The tightest loop with a counter of another kind in it.
const LOOP = KERNELS['sum of bytes']!;
const WAYS = {
  'local i64, compared with a local': {
    before: '(local.set $rest (i64.const 0x7fffffffffff))',
    each: `(local.set $debt (i64.add (local.get $debt) (i64.const 9)))
      (if (i64.gt_s (local.get $debt) (local.get $rest)) (then unreachable))`,
  },
  'global i64': {
    before: '',
    each: `(global.set $i64 (i64.sub (global.get $i64) (i64.const 9)))
      (if (i64.lt_s (global.get $i64) (i64.const 0)) (then unreachable))`,
  },
  'global i32': {
    before: '(global.set $i32 (i32.const 0x7fffffff))',
    each: `(global.set $i32 (i32.sub (global.get $i32) (i32.const 9)))
      (if (i32.lt_s (global.get $i32) (i32.const 0)) (then unreachable))`,
  },
  'global f64': {
    before: '',
    each: `(global.set $f64 (f64.sub (global.get $f64) (f64.const 9)))
      (if (f64.lt (global.get $f64) (f64.const 0)) (then unreachable))`,
  },
};
const plainLoop = instantiate(assemble(`(module ${LOOP.wat})`))['run'] as Run;
const ways = Object.entries(WAYS).map(([name, { before, each }]) => {
  const wat = LOOP.wat
    .replace('(local $s i32)', '(local $s i32) (local $debt i64) (local $rest i64)')
    .replace('(loop $rep', `${before} (loop $rep`)
    .replace('(loop $l', `(loop $l ${each}`);
  const counting = instantiate(
    assemble(`(module (global $i64 (mut i64) (i64.const 0x7fffffffffff)) (global $i32 (mut i32) (i32.const 0))
      (global $f64 (mut f64) (f64.const 1e15)) ${wat})`),
  )['run'] as Run;
  const [plainMs, countingMs] = bestTimes([plainLoop, counting], LOOP.n) as [number, number];
  return { 'counter in a loop': name, cost: percent(countingMs, plainMs) };
});
console.table(ways);

const real = new Uint8Array(readFileSync(new URL('../../../modules/test-module/test-module.wasm', import.meta.url)));
const rewriting: Record<string, string | number>[] = [];
for (const name of ['first time', 'second', 'third', 'fourth', 'fifth']) {
  const started = performance.now();
  const metered = meterModule(readModuleShape(real), { maxMemoryPages: 1000, initialFuel: 1 });
  const elapsed = performance.now() - started;
  rewriting.push({
    rewriting: name,
    'bytes in': real.length,
    'bytes out': metered.bytes.length,
    ms: elapsed.toFixed(1),
    'ms/MB': (elapsed / (real.length / 1e6)).toFixed(0),
  });
}
console.table(rewriting);
