import { HostError } from '../errors.ts';
import { functionSignature } from '../wasm/module-shape.ts';
import type { ModuleShape } from '../wasm/module-shape.ts';
import { HOST_IMPORTS } from './host-imports.ts';

/**
 * Checks that the host has everything that the module imports, under that name and with that signature.
 *
 * @throws HostError `HOST_UNKNOWN_IMPORT`, `HOST_BAD_IMPORT`
 */
export function checkImports(shape: ModuleShape): void {
  for (const { module, name, kind, index } of shape.imports) {
    const where = `"${module}"."${name}"`;
    const functions = Object.hasOwn(HOST_IMPORTS, module) ? HOST_IMPORTS[module] : undefined;
    const expected = functions !== undefined && Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (expected === undefined) {
      throw new HostError(
        'HOST_UNKNOWN_IMPORT',
        `unknown import: the module needs the ${kind} ${where}, which this host does not have`,
      );
    }
    if (kind !== 'function') {
      throw new HostError('HOST_BAD_IMPORT', `${where} is a function, but the module imports a ${kind}`);
    }
    const found = functionSignature(shape, index);
    if (found !== expected) {
      throw new HostError(
        'HOST_BAD_IMPORT',
        `bad signature for the import ${where}; expected ${expected} got ${found}`,
      );
    }
  }
}
