import { checkAbiVersion } from './abi/abi-version.ts';
import { checkExports, PREINIT_PREFIX } from './abi/check-exports.ts';
import { checkImports } from './abi/check-imports.ts';
import { HostError } from './errors.ts';
import { DEFAULT_LIMITS, type ModuleLimits } from './module-limits.ts';
import { meterModule } from './wasm/meter.ts';
import { readModuleShape } from './wasm/module-shape.ts';
import type { ModuleExport } from './wasm/module-shape.ts';

// The start function runs before the host can reach the fuel: it gets this part of a call's energy.
const START_SHARE = 100;

/** A module that has been checked, metered and compiled: makes any number of instances. */
export class CompiledModule {
  readonly limits: ModuleLimits;
  /** @internal */
  readonly wasm: WebAssembly.Module;
  /** @internal The export of the fuel. */
  readonly fuelExport: string;
  /** @internal Whether the guest can catch what an import throws. */
  readonly canCatch: boolean;
  /** @internal In the order in which they must be called. */
  readonly preinitNames: readonly string[];

  private constructor(
    limits: ModuleLimits,
    wasm: WebAssembly.Module,
    fuelExport: string,
    canCatch: boolean,
    preinitNames: readonly string[],
  ) {
    this.limits = limits;
    this.wasm = wasm;
    this.fuelExport = fuelExport;
    this.canCatch = canCatch;
    this.preinitNames = preinitNames;
  }

  /**
   * Checks what the module imports and exports, puts the metering into its code and compiles it.
   *
   * @throws HostError whose code says what is wrong with the module; see the package's README
   */
  static compile(bytes: Uint8Array, limits: ModuleLimits = DEFAULT_LIMITS): CompiledModule {
    const shape = readModuleShape(bytes);
    checkAbiVersion(shape.imports);
    checkExports(shape);
    checkImports(shape);
    const metered = meterModule(shape, {
      maxMemoryPages: limits.maxMemoryPages,
      initialFuel: Math.floor(limits.energyPerCall / START_SHARE),
    });
    let wasm: WebAssembly.Module;
    try {
      wasm = new WebAssembly.Module(metered.bytes as BufferSource); // not shared memory
    } catch (cause) {
      throw new HostError('HOST_MALFORMED_MODULE', invalidModuleMessage(bytes, cause), { cause });
    }
    return new CompiledModule(limits, wasm, metered.fuelExport, metered.canCatch, preinitNames(shape.exports));
  }
}

/** Offsets in V8's message are those of the rewritten module, so it is asked about the original. */
function invalidModuleMessage(bytes: Uint8Array, cause: unknown): string {
  try {
    // oxlint-disable-next-line no-new -- only for what it throws
    new WebAssembly.Module(bytes as BufferSource);
  } catch (error) {
    return `invalid WebAssembly module: ${(error as Error).message}`;
  }
  return `WebAssembly module refused: ${(cause as Error).message}`;
}

function preinitNames(exports: readonly ModuleExport[]): string[] {
  const encoder = new TextEncoder();
  return exports
    .map(({ name }) => name)
    .filter((name) => name.startsWith(PREINIT_PREFIX))
    .map((name) => ({ name, bytes: encoder.encode(name) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ name }) => name);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!; // i < both lengths
  return a.length - b.length;
}
