import wabt from 'wabt';
import { readModuleShape } from '../src/wasm/module-shape.ts';
import { meterModule } from '../src/wasm/meter.ts';
import { KERNELS } from './kernels.ts';

type Run = (n: number) => number;

const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const tools = await wabt();

function instantiate(bytes: Uint8Array): WebAssembly.Instance {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource));
}

/** Milliseconds of the fastest of some runs; the runs before are for V8 to compile. */
function measure(run: Run, n: number): number {
  const started = performance.now();
  run(n);
  return performance.now() - started;
}

for (const [name, { wat, n }] of Object.entries(KERNELS)) {
  const bytes = tools.parseWat(name, `(module ${wat})`).toBinary({}).buffer;
  const metered = meterModule(readModuleShape(bytes), { maxMemoryPages: 1000, initialFuel: 2 ** 52 });
  const plain = instantiate(bytes).exports['run'] as Run;
  const instance = instantiate(metered.bytes);
  const counted = instance.exports['run'] as Run;
  const fuel = instance.exports[metered.fuelExport] as WebAssembly.Global;
  for (let i = 0; i < 2; i++) {
    plain(n);
    counted(n);
  }
  const before = fuel.value as bigint;
  counted(n);
  const energy = Number(before - (fuel.value as bigint));
  let plainMs = Infinity;
  let meteredMs = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    plainMs = Math.min(plainMs, measure(plain, n));
    meteredMs = Math.min(meteredMs, measure(counted, n));
  }
  console.log(
    `${name.padEnd(24)} ${plainMs.toFixed(1).padStart(7)} ms  metered ${meteredMs.toFixed(1).padStart(7)} ms  ${((meteredMs / plainMs - 1) * 100).toFixed(0).padStart(4)} %  ${(energy / meteredMs / 1e6).toFixed(2)} G units/s`,
  );
}
