import { module } from '../../../host/test/support/module-text.ts';

/** Where user tables' ids begin, and how many tables are tried. */
const FIRST_TABLE_ID = 4096;
const TABLES = 8;
/** Room for definitions in the two kinds of module: what is small is hashed and logged faster. */
const ROOMS = [4000, 120_000];
const MARK = 'the definition goes here';

/**
 * A module that describes itself with whatever bytes it is given. Its reducers insert their arguments as a row into
 * every table that takes them; its views have no rows, its procedures answer
 * nothing.
 */
export function describingModule(description: Uint8Array): Uint8Array {
  const template = templates.find(({ room }) => description.length <= room);
  if (template === undefined) throw new Error(`${description.length} bytes do not fit`);
  const bytes = template.bytes.slice();
  new DataView(bytes.buffer).setUint32(template.lengthAt, description.length, true);
  bytes.set(description, template.lengthAt + 4);
  return bytes;
}

const templates = ROOMS.map((room) => {
  const bytes = moduleWithRoom(room);
  return { room, bytes, lengthAt: Buffer.from(bytes).indexOf(MARK) };
});

function moduleWithRoom(room: number): Uint8Array {
  return module({
    imports: ['datastore_insert_bsatn', 'bytes_source_read'],
    definitions: `
    (data (i32.const 65536) "${MARK}${'.'.repeat(room)}")
    (func (export "__call_view__") (param i32 i64 i64 i64 i64 i32) (param $sink i32) (result i32)
      (call $write (local.get $sink) (i32.const 600) (i32.const 4)) (i32.const 0))
    (func (export "__call_view_anon__") (param i32 i32) (param $sink i32) (result i32)
      (call $write (local.get $sink) (i32.const 600) (i32.const 4)) (i32.const 0))
    (func (export "__call_procedure__") (param i32 i64 i64 i64 i64 i64 i64 i64 i32 i32) (result i32) (i32.const 0))
    (func (export "__call_http_handler__") (param i32 i64 i32 i32 i32 i32) (result i32) (i32.const 1))`,
    describe: `(call $write (local.get $sink) (i32.const 65540) (i32.load (i32.const 65536)))`,
    reducer: `(local $table i32) (local $length i32)
    (i32.store (i32.const 4) (i32.const 100000))
    (if (i32.ne (local.get $args) (i32.const 0)) (then
      (if (i32.ne (call $bytes_source_read (local.get $args) (i32.const 196608) (i32.const 4)) (i32.const -1))
        (then (return (i32.const 0))))
      (local.set $length (i32.load (i32.const 4)))
      (loop $next
        (memory.copy (i32.const 300000) (i32.const 196608) (local.get $length))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $datastore_insert_bsatn
          (i32.add (local.get $table) (i32.const ${FIRST_TABLE_ID})) (i32.const 300000) (i32.const 4)))
        (local.set $table (i32.add (local.get $table) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $table) (i32.const ${TABLES}))))))
    (i32.const 0)`,
    pages: 8,
  });
}
