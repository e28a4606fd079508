import { HostError } from '../errors.ts';
import { requiredAbiVersion } from '../abi/abi-version.ts';
import type { AbiVersion } from '../abi/abi-version.ts';
import { functionSignature, readModuleShape } from '../wasm/module-shape.ts';
import type { ExternalKind, ModuleShape, SizeLimits } from '../wasm/module-shape.ts';

/** What a core module says of itself without being run. */
export interface ModuleFacts {
  readonly imports: readonly ImportFacts[];
  readonly exports: readonly ExportFacts[];
  /** In pages of 64 KiB; undefined if it has no memory. */
  readonly memory: SizeLimits | undefined;
  /** Functions with code. */
  readonly functionCount: number;
  /** Undefined if it imports nothing of the ABI, or several versions that exclude each other. */
  readonly abiVersion: AbiVersion | undefined;
}

export interface ImportFacts extends ExportFacts {
  readonly module: string;
}

export interface ExportFacts {
  readonly name: string;
  readonly kind: ExternalKind;
  /** Of a function, as in `(i32, i64) -> i32`; else undefined. */
  readonly signature: string | undefined;
}

/** @throws HostError `HOST_NOT_WASM`, `HOST_COMPONENT`, `HOST_MALFORMED_MODULE`, `HOST_UNSUPPORTED_MODULE` */
export function readModuleFacts(bytes: Uint8Array): ModuleFacts {
  const shape = readModuleShape(bytes);
  const factsOf = (kind: ExternalKind, name: string, index: number): ExportFacts => ({
    name,
    kind,
    signature: kind === 'function' ? functionSignature(shape, index) : undefined,
  });
  return {
    imports: shape.imports.map(({ module, name, kind, index }) => ({ module, ...factsOf(kind, name, index) })),
    exports: shape.exports.map(({ name, kind, index }) => factsOf(kind, name, index)),
    memory: shape.memories[0],
    functionCount: shape.bodies.length,
    abiVersion: abiVersionOf(shape),
  };
}

function abiVersionOf({ imports }: ModuleShape): AbiVersion | undefined {
  try {
    return requiredAbiVersion(imports);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
