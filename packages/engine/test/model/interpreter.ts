import { HOST_IMPORTS } from '../../../host/src/abi/host-imports.ts';
import { wat } from '../../../host/test/support/wat.ts';

/*
 * A module that does what it is told: its reducer takes a script, calls one import after the other, and logs what came
 * of it, so that a test sees every return code and everything that was written to memory, whatever becomes of the
 * transaction.
 *
 * The argument is an array of bytes: u32 count of calls, u32 size of the work area, u32 ending, the work area, the calls.
 * A call is a u8 (which import), a u16 (bit i: argument i is the address of the argument) and nine u32 arguments. The log
 * message is hex: a u32 code for each call, then the work area.
 */

const FUNCTIONS = [
  'table_id_from_name',
  'index_id_from_name',
  'datastore_table_row_count',
  'datastore_table_scan_bsatn',
  'datastore_index_scan_range_bsatn',
  'datastore_delete_by_index_scan_range_bsatn',
  'datastore_delete_all_by_eq_bsatn',
  'row_iter_bsatn_advance',
  'row_iter_bsatn_close',
  'datastore_insert_bsatn',
  'datastore_update_bsatn',
  'datastore_index_scan_point_bsatn',
  'datastore_delete_by_index_scan_point_bsatn',
  'datastore_clear',
] as const;
export type ScriptFunction = (typeof FUNCTIONS)[number];

/** How a script ends its reducer. */
export const ENDINGS = ['ok', 'error', 'trap', 'oddCode', 'endless', 'badPointer'] as const;
export type Ending = (typeof ENDINGS)[number];

const PAGES = 48;
const ARGUMENT = 0x1_0000;
const HEADER_BYTES = 12;
/** Where the work area is; the four bytes before the header are the array's length. */
const WORK = ARGUMENT + 4 + HEADER_BYTES;
const CODES = 0x10_0000;
const TEXT = 0x11_0000;
const MAX_TEXT_BYTES = PAGES * 0x1_0000 - TEXT;
const CALL_BYTES = 1 + 2 + 9 * 4;

/** The module, which describes itself with these bytes. */
export function interpreterModule(description: Uint8Array): Uint8Array {
  const used = new Set<string>([...FUNCTIONS, 'bytes_sink_write', 'bytes_source_read', 'console_log']);
  const imports = Object.entries(HOST_IMPORTS).flatMap(([module, functions]) =>
    Object.entries(functions)
      .filter(([name]) => used.has(name))
      .map(([name, signature]) => `(import "${module}" "${name}" (func $${name} ${signatureText(signature)}))`),
  );
  const calls = FUNCTIONS.map((name, i) => {
    const count = signatures.get(name)!.split(' -> ')[0]!.split(',').length;
    const args = Array.from({ length: count }, (_, arg) => `(call $argument (local.get $at) (i32.const ${arg}))`);
    return `(if (i32.eq (local.get $function) (i32.const ${i}))
      (then (local.set $code (call $${name} ${args.join(' ')}))))`;
  });
  const end = (ending: Ending, code: string): string =>
    `(if (i32.eq (local.get $ending) (i32.const ${ENDINGS.indexOf(ending)})) (then ${code}))`;
  return wat(`(module
    ${imports.join('\n')}
    (memory (export "memory") ${PAGES})
    (data (i32.const 1024) "${escaped(description)}")
    (data (i32.const 64) "no") (data (i32.const 80) "0123456789abcdef")

    (func (export "__describe_module__") (param $sink i32)
      (i32.store (i32.const 8) (i32.const ${description.length}))
      (drop (call $bytes_sink_write (local.get $sink) (i32.const 1024) (i32.const 8))))

    (func $argument (param $at i32) (param $i i32) (result i32) (local $value i32)
      (local.set $value (i32.load offset=3 (i32.add (local.get $at) (i32.shl (local.get $i) (i32.const 2)))))
      (if (result i32) (i32.and (i32.shr_u (i32.load16_u offset=1 (local.get $at)) (local.get $i)) (i32.const 1))
        (then (i32.load (local.get $value)))
        (else (local.get $value))))

    ;; Writes bytes as hex and answers where the text ends.
    (func $hex (param $from i32) (param $to i32) (param $out i32) (result i32)
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        (i32.store8 (local.get $out)
          (i32.load8_u offset=80 (i32.shr_u (i32.load8_u (local.get $from)) (i32.const 4))))
        (i32.store8 offset=1 (local.get $out)
          (i32.load8_u offset=80 (i32.and (i32.load8_u (local.get $from)) (i32.const 15))))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $out (i32.add (local.get $out) (i32.const 2)))
        (br $next)))
      (local.get $out))

    (func $run (local $count i32) (local $i i32) (local $at i32) (local $function i32) (local $code i32)
      (local.set $count (i32.load (i32.const ${ARGUMENT + 4})))
      (local.set $at (i32.add (i32.const ${WORK}) (i32.load (i32.const ${ARGUMENT + 8}))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $count)))
        (local.set $function (i32.load8_u (local.get $at)))
        ${calls.join('\n')}
        (i32.store offset=${CODES} (i32.shl (local.get $i) (i32.const 2)) (local.get $code))
        (local.set $at (i32.add (local.get $at) (i32.const ${CALL_BYTES})))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
      (local.set $at (call $hex
        (i32.const ${CODES})
        (i32.add (i32.const ${CODES}) (i32.shl (local.get $count) (i32.const 2)))
        (i32.const ${TEXT})))
      (local.set $at (call $hex
        (i32.const ${WORK})
        (i32.add (i32.const ${WORK}) (i32.load (i32.const ${ARGUMENT + 8})))
        (local.get $at)))
      (call $console_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)
        (i32.const ${TEXT}) (i32.sub (local.get $at) (i32.const ${TEXT}))))

    (func (export "__call_reducer__")
      (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)
      (param $c0 i64) (param $c1 i64) (param $time i64) (param $args i32) (param $sink i32) (result i32)
      (local $ending i32)
      (i32.store (i32.const 8) (i32.const ${CODES - ARGUMENT}))
      (if (i32.ne (call $bytes_source_read (local.get $args) (i32.const ${ARGUMENT}) (i32.const 8)) (i32.const -1))
        (then (unreachable)))
      (call $run)
      (local.set $ending (i32.load (i32.const ${ARGUMENT + 12})))
      ${end(
        'error',
        `(i32.store (i32.const 8) (i32.const 2))
         (drop (call $bytes_sink_write (local.get $sink) (i32.const 64) (i32.const 8)))
         (return (i32.const 1))`,
      )}
      ${end('trap', '(unreachable)')}
      ${end('oddCode', '(return (i32.const 7))')}
      ${end('endless', '(loop $ever (br $ever))')}
      ;; The rows are gone when the count turns out to have nowhere to go.
      ${end('badPointer', '(return (call $datastore_clear (i32.load (i32.const ' + WORK + ')) (i32.const 0)))')}
      (i32.const 0)))`);
}

const signatures: ReadonlyMap<string, string> = new Map(
  Object.values(HOST_IMPORTS).flatMap((functions) => Object.entries(functions)),
);

function signatureText(signature: string): string {
  const [params, results] = signature.split(' -> ').map((list) => list.replace(/[(),]/g, ' '));
  return `(param ${params}) (result ${results})`;
}

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

/** An argument that is found in memory when the call is made. */
export interface At {
  readonly at: number;
}

/** Writes one script. Pointers are addresses in the guest's memory. */
export class Script {
  readonly #work: Buffer[] = [];
  #workBytes = 0;
  readonly #calls: Buffer[] = [];

  /** Puts bytes into the work area. @returns where they are */
  place(bytes: Uint8Array): number {
    const at = WORK + this.#workBytes;
    this.#work.push(Buffer.from(bytes));
    this.#workBytes += bytes.length;
    return at;
  }

  placeU32(value: number): number {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.place(bytes);
  }

  reserve(count: number): number {
    return this.place(Buffer.alloc(count, 0xee));
  }

  /** Adds a call. @returns its number, for `Answers.code` */
  call(name: ScriptFunction, ...args: readonly (number | At)[]): number {
    const bytes = Buffer.alloc(CALL_BYTES);
    bytes.writeUInt8(FUNCTIONS.indexOf(name), 0);
    for (const [i, arg] of args.entries()) {
      if (typeof arg !== 'number') bytes.writeUInt16LE(bytes.readUInt16LE(1) | (1 << i), 1);
      bytes.writeUInt32LE(typeof arg === 'number' ? arg : arg.at, 3 + 4 * i);
    }
    return this.#calls.push(bytes) - 1;
  }

  finish(ending: Ending): Uint8Array {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(this.#calls.length, 0);
    header.writeUInt32LE(this.#workBytes, 4);
    header.writeUInt32LE(ENDINGS.indexOf(ending), 8);
    const size = (this.#calls.length * 4 + this.#workBytes) * 2;
    if (size > MAX_TEXT_BYTES) throw new Error(`the answers of this script take ${size} bytes of text`);
    return new Uint8Array(Buffer.concat([header, ...this.#work, ...this.#calls]));
  }

  /** Reads what the module logged about this script. */
  answers(log: string): Answers {
    const bytes = Buffer.from(log, 'hex');
    const codes = this.#calls.length * 4;
    if (bytes.length !== codes + this.#workBytes) {
      throw new Error(`expected ${codes + this.#workBytes} bytes of answers, got ${bytes.length}`);
    }
    return {
      code: (call) => bytes.readInt32LE(call * 4),
      bytes: (at, length) => bytes.subarray(codes + at - WORK, codes + at - WORK + length),
      u32: (at) => bytes.readUInt32LE(codes + at - WORK),
      u64: (at) => bytes.readBigUInt64LE(codes + at - WORK),
    };
  }
}

/** What came of a script. */
export interface Answers {
  code(call: number): number;
  bytes(at: number, length: number): Buffer;
  u32(at: number): number;
  u64(at: number): bigint;
}
