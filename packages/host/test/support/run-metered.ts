import { meterModule } from '../../src/wasm/meter.ts';
import { readModuleShape } from '../../src/wasm/module-shape.ts';

const ENOUGH = 10_000_000_000;

export interface MeteredRun {
  readonly exports: WebAssembly.Exports;
  /** What was used since the instance was made, or since `refill`. */
  used(): number;
  refill(fuel: number): void;
  isUsedUp(): boolean;
}

export function meter(bytes: Uint8Array, maxMemoryPages = 1024): Uint8Array {
  return meterModule(readModuleShape(bytes), { maxMemoryPages, initialFuel: ENOUGH }).bytes;
}

export function instantiate(bytes: Uint8Array, imports: WebAssembly.Imports = {}): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), imports).exports;
}

/** Meters and instantiates a module. */
export function runMetered(bytes: Uint8Array, imports: WebAssembly.Imports = {}): MeteredRun {
  const { bytes: metered, fuelExport } = meterModule(readModuleShape(bytes), {
    maxMemoryPages: 1024,
    initialFuel: ENOUGH,
  });
  const exports = instantiate(metered, imports);
  const fuel = exports[fuelExport] as WebAssembly.Global;
  let filled = BigInt(ENOUGH);
  return {
    exports,
    used: () => Number(filled - (fuel.value as bigint)),
    refill(amount) {
      filled = BigInt(amount);
      fuel.value = filled;
    },
    isUsedUp: () => (fuel.value as bigint) < 0n,
  };
}

/** What a call gave, so that two runs can be compared: its result or its trap. */
export function attempt(run: () => unknown): string {
  try {
    return `result ${String(run())}`;
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}
