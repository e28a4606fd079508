import { type AlgebraicType, ByteWriter, compileRow, types } from '@lightcone/sats';
import { module } from '../../../host/test/support/module-text.ts';
import type { RawModuleDefV10 } from '../../../schema/src/raw/raw-v10.ts';
import { encodeRawModuleDef } from '../../../schema/test/encode-raw-module-def.ts';
import { rawModule, rawReducer } from '../../../schema/test/raw-modules.ts';

/** The reducers that every module of `anyModule` has, before its own. They fail with `errno NN`. */
const ROW_REDUCERS = ['insert_row', 'delete_row', 'update_row', 'clear_table'] as const;

const LIFECYCLE = [
  ['init', 'Init'],
  ['client_connected', 'OnConnect'],
  ['client_disconnected', 'OnDisconnect'],
] as const;

export interface AnyModuleParts extends Omit<Partial<RawModuleDefV10>, 'version'> {
  /** Lifecycle reducers that log their name. */
  readonly lifecycle?: readonly (typeof LIFECYCLE)[number][0][];
  /** Told apart from other programs of the same definition by this. */
  readonly version?: string;
  /** More code: imports by name, and definitions in text. */
  readonly code?: { readonly imports: readonly string[]; readonly definitions: string };
}

/**
 * A module of any definition, in a WebAssembly of a few hundred bytes. Its reducers:
 *
 * - `insert_row(table: String, row: Bytes)`, `delete_row(table, row)`, `clear_table(table, _)`
 * - `update_row(table: String, row: Bytes, index: String)`
 * - reducers of `parts`, which do nothing
 */
export function anyModule({ lifecycle = [], version = '', code, ...parts }: AnyModuleParts = {}): Uint8Array {
  const args: readonly (readonly [string, AlgebraicType])[] = [['table', types.string], ['row', types.bytes]]; // prettier-ignore
  const reducers = [
    ...ROW_REDUCERS.map((name) => rawReducer(name, name === 'update_row' ? [...args, ['index', types.string]] : args)),
    ...lifecycle.map((name) => rawReducer(name)),
    ...(parts.reducers ?? []),
  ];
  const raw = rawModule({
    ...parts,
    reducers,
    lifecycleReducers: LIFECYCLE.filter(([name]) => lifecycle.includes(name)).map(([functionName, event]) => ({
      lifecycle: event,
      functionName,
    })),
  });
  const writer = new ByteWriter();
  encodeRawModuleDef(writer, raw);
  return describingModule(writer.finish(), lifecycle, version, code);
}

function describingModule(
  definition: Uint8Array,
  lifecycle: readonly string[],
  version: string,
  code: AnyModuleParts['code'],
): Uint8Array {
  const text = lifecycle.join('');
  let at = 512;
  const logs = lifecycle.map((name, i) => {
    const call = `(if (i32.eq (local.get $id) (i32.const ${ROW_REDUCERS.length + i})) (then
      (call $console_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const ${at}) (i32.const ${name.length}))))`;
    at += name.length;
    return call;
  });
  return module({
    imports: [
      'bytes_source_read',
      'table_id_from_name',
      'index_id_from_name',
      'datastore_insert_bsatn',
      'datastore_update_bsatn',
      'datastore_delete_all_by_eq_bsatn',
      'datastore_clear',
      'console_log',
      ...(code?.imports ?? []),
    ],
    definitions: `
      (data (i32.const 512) "${text}")
      (data (i32.const ${DEFINITION_AT}) "${escaped(definition)}")
      (data (i32.const 40) "errno ") (data (i32.const 400) "${version}")
      ;; Fails with the text of an errno.
      (func $fail (param $sink i32) (param $errno i32) (result i32)
        (i32.store8 (i32.const 46) (i32.add (i32.const 48) (i32.div_u (local.get $errno) (i32.const 10))))
        (i32.store8 (i32.const 47) (i32.add (i32.const 48) (i32.rem_u (local.get $errno) (i32.const 10))))
        (call $write (local.get $sink) (i32.const 40) (i32.const 8))
        (i32.const 1))
      (func $read (param $source i32) (local $at i32)
        (local.set $at (i32.const ${ARGS_AT}))
        (loop $more
          (i32.store (i32.const 12) (i32.const 8192))
          (if (i32.eqz (call $bytes_source_read (local.get $source) (local.get $at) (i32.const 12))) (then
            (local.set $at (i32.add (local.get $at) (i32.load (i32.const 12))))
            (br $more)))))
      ${code?.definitions ?? EMPTY_VIEWS}`,
    describe: `(call $write (local.get $sink) (i32.const ${DEFINITION_AT}) (i32.const ${definition.length}))`,
    reducer: `
      (local $row i32) (local $index i32) (local $errno i32)
      ${logs.join('\n')}
      (if (i32.ge_u (local.get $id) (i32.const ${ROW_REDUCERS.length})) (then (return (i32.const 0))))
      (call $read (local.get $args))
      ;; The length of the row and then its bytes; after them the length of the index's name.
      (local.set $row (i32.add (i32.const ${ARGS_AT + 4}) (i32.load (i32.const ${ARGS_AT}))))
      (local.set $index (i32.add (i32.add (local.get $row) (i32.const 4)) (i32.load (local.get $row))))
      (local.set $errno
        (call $table_id_from_name (i32.const ${ARGS_AT + 4}) (i32.load (i32.const ${ARGS_AT})) (i32.const 16)))
      (if (i32.and (i32.eqz (local.get $errno)) (i32.eqz (local.get $id))) (then
        (local.set $errno (call $datastore_insert_bsatn
          (i32.load (i32.const 16)) (i32.add (local.get $row) (i32.const 4)) (local.get $row)))))
      (if (i32.and (i32.eqz (local.get $errno)) (i32.eq (local.get $id) (i32.const 1))) (then
        ;; One row: a relation is a count and its rows.
        (i32.store (i32.const ${RELATION_AT}) (i32.const 1))
        (memory.copy (i32.const ${RELATION_AT + 4}) (i32.add (local.get $row) (i32.const 4)) (i32.load (local.get $row)))
        (local.set $errno (call $datastore_delete_all_by_eq_bsatn (i32.load (i32.const 16))
          (i32.const ${RELATION_AT}) (i32.add (i32.const 4) (i32.load (local.get $row))) (i32.const 20)))))
      (if (i32.and (i32.eqz (local.get $errno)) (i32.eq (local.get $id) (i32.const 2))) (then
        (local.set $errno (call $index_id_from_name
          (i32.add (local.get $index) (i32.const 4)) (i32.load (local.get $index)) (i32.const 20)))
        (if (i32.eqz (local.get $errno)) (then
          (local.set $errno (call $datastore_update_bsatn (i32.load (i32.const 16)) (i32.load (i32.const 20))
            (i32.add (local.get $row) (i32.const 4)) (local.get $row)))))))
      (if (i32.and (i32.eqz (local.get $errno)) (i32.eq (local.get $id) (i32.const 3))) (then
        (local.set $errno (call $datastore_clear (i32.load (i32.const 16)) (i32.const 20)))))
      (if (local.get $errno) (then (return (call $fail (local.get $sink) (local.get $errno)))))
      (i32.const 0)`,
  });
}

/** Views without rows: 2 says that a header follows, tag 0 that rows do, none. */
const EMPTY_VIEWS = `
  (func $no_rows (param $sink i32) (result i32)
    (i32.store8 (i32.const 60) (i32.const 0))
    (i32.store (i32.const 61) (i32.const 0))
    (call $write (local.get $sink) (i32.const 60) (i32.const 5))
    (i32.const 2))
  (func (export "__call_view_anon__") (param $id i32) (param $args i32) (param $sink i32) (result i32)
    (call $no_rows (local.get $sink)))
  (func (export "__call_view__")
    (param $id i32) (param i64 i64 i64 i64) (param $args i32) (param $sink i32) (result i32)
    (call $no_rows (local.get $sink)))
`;

const ARGS_AT = 1024;
const RELATION_AT = 16_384;
const DEFINITION_AT = 32_768;

function escaped(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

/** The bytes of a row of some columns. */
export function rowBytes(columns: readonly (readonly [string, AlgebraicType])[], row: object): Uint8Array {
  const writer = new ByteWriter();
  compileRow(types.product(columns), []).encode(writer, row as Record<string, never>); // checked by encode
  return writer.finish();
}
