import { HOST_IMPORTS } from '../../src/abi/host-imports.ts';
import { module } from './module-text.ts';

/** One call of an import by the guest. */
export interface ProbeCall {
  readonly name: string;
  readonly args: readonly (number | bigint)[];
}

const SIGNATURES = new Map(Object.values(HOST_IMPORTS).flatMap((functions) => Object.entries(functions)));
const NAMES = [...SIGNATURES.keys()];
const MAX_PARAMS = 9;
const RECORD_BYTES = 8 * (1 + MAX_PARAMS);
const MAX_CALLS = 4;
const PROGRAM_BYTES = MAX_CALLS * RECORD_BYTES;

const PROGRAM_AT = 2048;
const RESULTS_AT = 3072;
const TEXT_AT = 4096;

/** Bytes that the guest leaves unread in its arguments: the source 1 is open with them. */
export const UNREAD_BYTES = 4;

/**
 * A guest that calls imports as its arguments say, as a reducer, a view or a procedure, and answers their results.
 *
 * @param data what stands in memory at 16 when each call begins
 */
export function probeModule(data: readonly number[]): Uint8Array {
  const hex = data.map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  const words = '(param i64 i64 i64 i64 i64 i64 i64)';
  return module({
    imports: NAMES,
    definitions: `
      (data (i32.const 1024) "${hex}")
      (func $run (param $args i32) (param $sink i32)
        (local $at i32) (local $number i32) (local $result i32) (local $i i32)
        (memory.copy (i32.const 16) (i32.const 1024) (i32.const ${data.length}))
        (i32.store (i32.const 8) (i32.const ${PROGRAM_BYTES}))
        (drop (call $bytes_source_read (local.get $args) (i32.const ${PROGRAM_AT}) (i32.const 8)))
        (local.set $at (i32.const ${PROGRAM_AT}))
        (local.set $result (i32.const ${RESULTS_AT}))
        (loop $next
          (local.set $number (i32.load (local.get $at)))
          (if (i32.ne (local.get $number) (i32.const -1)) (then
            ${NAMES.map(callOf).join('\n')}
            (local.set $at (i32.add (local.get $at) (i32.const ${RECORD_BYTES})))
            (local.set $result (i32.add (local.get $result) (i32.const 8)))
            (br $next))))
        ;; the results as letters: the text of an error has no other bytes
        (loop $letters
          (i32.store8 (i32.add (i32.const ${TEXT_AT}) (i32.shl (local.get $i) (i32.const 1)))
            (i32.add (i32.const 97) (i32.shr_u (i32.load8_u (i32.add (i32.const ${RESULTS_AT}) (local.get $i))) (i32.const 4))))
          (i32.store8 (i32.add (i32.const ${TEXT_AT + 1}) (i32.shl (local.get $i) (i32.const 1)))
            (i32.add (i32.const 97) (i32.and (i32.load8_u (i32.add (i32.const ${RESULTS_AT}) (local.get $i))) (i32.const 15))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $letters (i32.lt_u (i32.add (i32.const ${RESULTS_AT}) (local.get $i)) (local.get $result))))
        (call $write (local.get $sink) (i32.const ${TEXT_AT}) (i32.shl (local.get $i) (i32.const 1))))
      (func (export "__call_procedure__") (param i32) ${words} (param $args i32) (param $sink i32) (result i32)
        (call $run (local.get $args) (local.get $sink)) (i32.const 0))`,
    reducer: '(call $run (local.get $args) (local.get $sink)) (i32.const 1)',
  });
}

function callOf(name: string, number: number): string {
  const [params, result] = SIGNATURES.get(name)!.split(' -> ') as [string, string];
  const types = params.match(/i32|i64/g) ?? [];
  const args = types.map((type, i) => `(${type}.load offset=${8 * (1 + i)} (local.get $at))`).join(' ');
  const call = `(call $${name} ${args})`;
  const store =
    result === '()'
      ? `${call} (i64.store (local.get $result) (i64.const 0))`
      : result === 'i64'
        ? `(i64.store (local.get $result) ${call})`
        : `(i64.store (local.get $result) (i64.extend_i32_s ${call}))`;
  return `(if (i32.eq (local.get $number) (i32.const ${number})) (then ${store}))`;
}

/** The arguments with which the guest makes these calls. */
export function probeProgram(calls: readonly ProbeCall[]): Uint8Array {
  const bytes = new Uint8Array(PROGRAM_BYTES + UNREAD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, { name, args }] of calls.entries()) {
    const at = i * RECORD_BYTES;
    view.setInt32(at, NAMES.indexOf(name), true);
    for (const [k, arg] of args.entries()) view.setBigInt64(at + 8 * (1 + k), BigInt(arg), true);
  }
  if (calls.length < MAX_CALLS) view.setInt32(calls.length * RECORD_BYTES, -1, true);
  return bytes;
}

/** The result of the guest's last call, from what it answered. */
export function lastProbeResult(answer: string): number {
  const letters = answer.slice(-16); // before them may be what the calls themselves have written
  const nibble = (i: number): number => letters.charCodeAt(i) - 97;
  const bytes = Uint8Array.from({ length: 8 }, (_, i) => nibble(2 * i) * 16 + nibble(2 * i + 1));
  return Number(new DataView(bytes.buffer).getBigInt64(0, true));
}
