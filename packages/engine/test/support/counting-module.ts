import { ByteWriter, types, writeType } from '@lightcone/sats';
import { moduleText } from '../../../host/test/support/module-text.ts';
import { wat } from '../../../host/test/support/wat.ts';

const TYPESPACE = 0;
const TYPES = 1;
const TABLES = 2;
const PROCEDURES = 4;
const VIEWS = 5;
const DEFINITION_AT = 4096;

/** The third item is too much for the view. */
export const VIEW_FAILS_AT = 3;

/**
 * A module with a table `item` of `{ n: u32 }`, an anonymous view `total` of one row, the count of items, and a
 * procedure `add` that inserts the count into the table in a transaction of its own and returns what it inserted.
 */
export function countingModule(): Uint8Array {
  const definition = describe();
  const escaped = Array.from(definition, (byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
  // Addresses: 512 the name, 600 the table's id, 608 the count, 624 the length of the row at 640, 700 the view's rows.
  const text = moduleText({
    imports: [
      'table_id_from_name',
      'datastore_table_row_count',
      'datastore_insert_bsatn',
      'procedure_start_mut_tx',
      'procedure_commit_mut_tx',
    ],
    describe: `(call $write (local.get $sink) (i32.const ${DEFINITION_AT}) (i32.const ${definition.length}))`,
    definitions: `
      (data (i32.const ${DEFINITION_AT}) "${escaped}")
      (data (i32.const 512) "item")
      (func $count (result i32)
        (drop (call $table_id_from_name (i32.const 512) (i32.const 4) (i32.const 600)))
        (drop (call $datastore_table_row_count (i32.load (i32.const 600)) (i32.const 608)))
        (i32.load (i32.const 608)))
      (func (export "__call_view_anon__") (param $id i32) (param $args i32) (param $sink i32) (result i32)
        (if (i32.eq (call $count) (i32.const ${VIEW_FAILS_AT})) (then (unreachable)))
        (i32.store (i32.const 700) (i32.const 1))
        (i32.store (i32.const 704) (call $count))
        (call $write (local.get $sink) (i32.const 700) (i32.const 8))
        (i32.const 0))
      (func (export "__call_procedure__")
        (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)
        (param $c0 i64) (param $c1 i64) (param $time i64) (param $args i32) (param $sink i32) (result i32)
        (drop (call $procedure_start_mut_tx (i32.const 616)))
        (i32.store (i32.const 640) (call $count))
        (i32.store (i32.const 624) (i32.const 4))
        (drop (call $datastore_insert_bsatn (i32.load (i32.const 600)) (i32.const 640) (i32.const 624)))
        (i32.store (i32.const 656) (i32.load (i32.const 640)))
        (if (call $procedure_commit_mut_tx) (then (unreachable)))
        (call $write (local.get $sink) (i32.const 656) (i32.const 4))
        (i32.const 0))`,
  });
  return wat(text);
}

/** A `RawModuleDef` of version 10 (file 12 §2 of the specification). */
function describe(): Uint8Array {
  const writer = new ByteWriter();
  const none = (count: number): void => {
    for (let i = 0; i < count; i++) writer.u32(0);
  };
  writer.u8(2);
  writer.u32(5);
  writer.u8(TYPESPACE);
  writer.u32(1);
  writeType(writer, types.product([['n', types.u32]]));
  writer.u8(TYPES);
  writer.u32(1);
  none(1); // no scope
  writer.string('Item');
  writer.u32(0);
  writer.u8(1); // as the bindings say
  writer.u8(TABLES);
  writer.u32(1);
  writer.string('item');
  writer.u32(0);
  none(4); // primary key, indexes, constraints, sequences
  writer.u8(1); // a table of the user's
  writer.u8(0); // public
  none(1); // default values
  writer.u8(0); // no event table
  writer.u8(PROCEDURES);
  writer.u32(1);
  writer.string('add');
  none(1); // parameters
  writeType(writer, types.u32);
  writer.u8(1); // for clients
  writer.u8(VIEWS);
  writer.u32(1);
  writer.string('total');
  writer.u32(0);
  writer.u8(1); // public
  writer.u8(1); // anonymous
  none(1); // parameters
  writeType(writer, types.array(types.ref(0)));
  return writer.finish();
}
