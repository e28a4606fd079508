import { HOST_IMPORTS } from '../../src/abi/host-imports.ts';
import { wat } from './wat.ts';

export interface ModuleParts {
  /** Imports by name; `bytes_sink_write` is always there. */
  readonly imports?: readonly string[];
  /** More definitions. */
  readonly definitions?: string;
  /** The code of `__call_reducer__`; its parameters are `$id`, `$s0`…`$s3`, `$c0`, `$c1`, `$time`, `$args`, `$sink`. */
  readonly reducer?: string;
  /** The code of `__describe_module__`, with the parameter `$sink`. */
  readonly describe?: string;
  /** What stands before the other definitions: more imports. */
  readonly first?: string;
  /** Of memory, 64 KiB each; 1 unless given. */
  readonly pages?: number;
}

/**
 * A module that a host accepts. It has memory, `$write(sink, at, length)`, and text at addresses 16
 * ("definition", 10 bytes) and 32 ("oh no", 5 bytes).
 */
export function moduleText(parts: ModuleParts): string {
  const names = new Set(['bytes_sink_write', ...(parts.imports ?? [])]);
  const imports = Object.entries(HOST_IMPORTS).flatMap(([module, functions]) =>
    Object.entries(functions)
      .filter(([name]) => names.has(name))
      .map(([name, signature]) => `(import "${module}" "${name}" (func $${name} ${asText(signature)}))`),
  );
  return `(module
    ${parts.first ?? ''}
    ${imports.join('\n')}
    (memory (export "memory") ${parts.pages ?? 1})
    (data (i32.const 16) "definition") (data (i32.const 32) "oh no")
    (func $write (param $sink i32) (param $at i32) (param $length i32)
      (i32.store (i32.const 8) (local.get $length))
      (drop (call $bytes_sink_write (local.get $sink) (local.get $at) (i32.const 8))))
    ${parts.definitions ?? ''}
    (func (export "__describe_module__") (param $sink i32)
      ${parts.describe ?? '(call $write (local.get $sink) (i32.const 16) (i32.const 10))'})
    (func $__call_reducer__ (export "__call_reducer__")
      (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)
      (param $c0 i64) (param $c1 i64) (param $time i64) (param $args i32) (param $sink i32) (result i32)
      ${parts.reducer ?? '(i32.const 0)'}))`;
}

export function module(parts: ModuleParts): Uint8Array {
  return wat(moduleText(parts));
}

/** `(i32, i64) -> i32` as `(param i32 i64) (result i32)`. */
function asText(signature: string): string {
  const [params, results] = signature.split(' -> ').map((list) => list.replace(/[(),]/g, ' '));
  return `(param ${params}) (result ${results})`;
}
