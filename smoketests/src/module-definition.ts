import { readFileSync } from 'node:fs';
import { decodeRawModuleDef, type RawModuleDef } from '@lightcone/schema';

/**
 * What a module says of itself, read by nothing but the platform's WebAssembly: its imports do not exist, except for
 * the one that takes the definition.
 */
export function rawDefinition(wasmPath: string): RawModuleDef {
  const module = new WebAssembly.Module(readFileSync(wasmPath));
  const chunks: Uint8Array[] = [];
  const write = (_sink: number, pointer: number, lengthPointer: number): number => {
    const { buffer } = memory;
    const length = new DataView(buffer).getUint32(lengthPointer, true);
    chunks.push(new Uint8Array(buffer, pointer, length).slice());
    return 0;
  };
  const imports: WebAssembly.Imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    const missing = (): never => {
      throw new Error(`${wasmPath} calls ${name} before any call`);
    };
    (imports[from] ??= {})[name] = name === 'bytes_sink_write' ? write : missing;
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const memory = exports['memory'] as WebAssembly.Memory;
  const run = (name: string, ...args: number[]): void => (exports[name] as (...args: number[]) => void)(...args);
  if ('_initialize' in exports) run('_initialize');
  for (const name of Object.keys(exports).sort()) if (name.startsWith('__preinit__')) run(name);
  if ('__setup__' in exports) run('__setup__', 1);
  run('__describe_module__', 1);
  return decodeRawModuleDef(Buffer.concat(chunks));
}
