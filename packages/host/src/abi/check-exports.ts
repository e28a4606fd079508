import { HostError } from '../errors.ts';
import { functionSignature } from '../wasm/module-shape.ts';
import type { ModuleShape } from '../wasm/module-shape.ts';

export const PREINIT_PREFIX = '__preinit__';

const REDUCER = '(i32, i64, i64, i64, i64, i64, i64, i64, i32, i32) -> i32';

interface ExpectedExport {
  readonly kind: string;
  readonly signature: string;
  readonly isRequired: boolean;
}

const EXPECTED: Readonly<Record<string, ExpectedExport>> = {
  __describe_module__: { kind: 'describe', signature: '(i32) -> ()', isRequired: true },
  __call_reducer__: { kind: 'reducer', signature: REDUCER, isRequired: true },
  __setup__: { kind: 'setup', signature: '(i32) -> i32', isRequired: false },
  __call_procedure__: { kind: 'procedure', signature: REDUCER, isRequired: false },
  __call_view__: { kind: 'view', signature: '(i32, i64, i64, i64, i64, i32, i32) -> i32', isRequired: false },
  __call_view_anon__: { kind: 'anonymous view', signature: '(i32, i32, i32) -> i32', isRequired: false },
  __call_http_handler__: {
    kind: 'http handler',
    signature: '(i32, i64, i32, i32, i32, i32) -> i32',
    isRequired: false,
  },
};
const PREINIT: ExpectedExport = { kind: 'preinit', signature: '() -> ()', isRequired: false };

/**
 * Checks the exports that the host calls.
 *
 * @throws HostError `HOST_MISSING_EXPORT`, `HOST_BAD_EXPORT`
 */
export function checkExports(shape: ModuleShape): void {
  const byName = new Map(shape.exports.map((entry) => [entry.name, entry]));
  if (byName.get('memory')?.kind !== 'memory') {
    throw new HostError('HOST_MISSING_EXPORT', 'there should be a memory export called "memory" but it does not exist');
  }
  for (const [name, expected] of Object.entries(EXPECTED)) {
    const found = byName.get(name);
    if (found !== undefined) {
      checkFunction(shape, name, found.kind, found.index, expected);
    } else if (expected.isRequired) {
      throw new HostError('HOST_MISSING_EXPORT', `there should be a function called "${name}" but it does not exist`);
    }
  }
  for (const { name, kind, index } of shape.exports) {
    if (name.startsWith(PREINIT_PREFIX)) checkFunction(shape, name, kind, index, PREINIT);
  }
}

function checkFunction(shape: ModuleShape, name: string, kind: string, index: number, expected: ExpectedExport): void {
  if (kind !== 'function') {
    throw new HostError(
      'HOST_BAD_EXPORT',
      `expected "${name}" export to be a ${expected.kind} with signature ${expected.signature}, but it wasn't a function at all`,
    );
  }
  const found = functionSignature(shape, index);
  if (found !== expected.signature) {
    throw new HostError(
      'HOST_BAD_EXPORT',
      `bad ${expected.kind} signature for "${name}"; expected ${expected.signature} got ${found}`,
    );
  }
}
