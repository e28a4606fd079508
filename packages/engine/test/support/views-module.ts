import { types } from '@lightcone/sats';
import { btree, unique } from '../../../schema/test/raw-modules.ts';
import { anyModule } from './any-module.ts';

export const ITEM = [['id', types.u32], ['name', types.string]] as const; // prettier-ignore
export const OWNER = [['item', types.u32], ['who', types.identity]] as const; // prettier-ignore
export const ANSWER = [['code', types.u32], ['result', types.bytes]] as const; // prettier-ignore

/**
 * Views that do what official bindings cannot. All are anonymous and of the type of `item`; those that
 * fail on purpose do it with `errno NN`.
 *
 * - `answered` returns the code and the bytes of the row in table `answer`, or no rows if there is none
 * - `inserting`, `updating`, `deleting`, `clearing`, `deleting_a_key`, `deleting_a_range` try to write to `item`
 * - `reading_events`, `reading_a_view` ask for the ids of such tables
 * - `scheduling` asks for a call of `tick`
 * - `counting_clients` has a row with the number of rows in `st_client`, and fails unless they are 2 or 3
 *   (`fewestClients` to 3)
 * - `at_most_one_item` has no rows, and fails if `item` has two
 *
 * The procedure `add_item` inserts the item 1 without a name, in a transaction of its own.
 */
export const VIEWS = [
  'answered',
  'inserting',
  'updating',
  'deleting',
  'clearing',
  'deleting_a_key',
  'deleting_a_range',
  'reading_events',
  'reading_a_view',
  'scheduling',
  'counting_clients',
  'at_most_one_item',
] as const;

export interface ViewsModuleParts {
  /** Told apart from other programs by this. */
  readonly version?: string;
  /** Those that the module has; all by default. */
  readonly views?: readonly (typeof VIEWS)[number][];
  /** One that only the owner may read. */
  readonly privateView?: (typeof VIEWS)[number];
  /** Whether `answered` traps whatever the answer is. */
  readonly isBroken?: boolean;
  /** With fewer `counting_clients` fails; 2 by default. */
  readonly fewestClients?: number;
}

/** A module with these views. */
export function viewsModule({
  version = '',
  views = VIEWS,
  privateView,
  isBroken = false,
  fewestClients = 2,
}: ViewsModuleParts = {}): Uint8Array {
  return anyModule({
    version,
    typespace: [types.product(ITEM), types.product(ANSWER), types.product(ITEM), types.product(OWNER)],
    types: ['Item', 'Answer', 'Happening', 'Owner'].map((name, ref) => ({
      scope: [],
      name,
      ref,
      customOrdering: true,
    })),
    tables: [
      {
        ...TABLE,
        name: 'item',
        productTypeRef: 0,
        primaryKey: [0],
        indexes: [{ ...btree(0), name: 'item_id', accessorName: 'id' }],
        constraints: [unique(0)],
      },
      { ...TABLE, name: 'answer', productTypeRef: 1, tableAccess: 'Private' },
      { ...TABLE, name: 'happening', productTypeRef: 2, isEvent: true },
      {
        ...TABLE,
        name: 'owner',
        productTypeRef: 3,
        indexes: [{ ...btree(0), name: 'owner_item', accessorName: 'item' }],
      },
    ],
    views: views.map((name) => ({
      name,
      index: VIEWS.indexOf(name),
      isPublic: name !== privateView,
      isAnonymous: true,
      params: types.product([]),
      returnType: types.array(types.ref(0)),
    })),
    procedures: [{ name: 'add_item', params: types.product([]), returnType: types.unit, visibility: 'ClientCallable' }],
    code: { imports: IMPORTS, definitions: definitions(isBroken ? '(unreachable)' : '', fewestClients) },
  });
}

const TABLE = {
  primaryKey: [],
  indexes: [],
  constraints: [],
  sequences: [],
  tableType: 'User',
  tableAccess: 'Public',
  defaultValues: [],
  isEvent: false,
} as const;

const IMPORTS = [
  'datastore_table_row_count',
  'datastore_table_scan_bsatn',
  'datastore_delete_by_index_scan_point_bsatn',
  'datastore_delete_by_index_scan_range_bsatn',
  'row_iter_bsatn_advance',
  'volatile_nonatomic_schedule_immediate',
  'procedure_start_mut_tx',
  'procedure_commit_mut_tx',
];

const names = { item: 4096, item_id: 4112, answer: 4128, happening: 4144, answered: 4160, st_client: 4176, tick: 4192 };
/** A result, a row of `item` and the bounds of a range. */
const SCRATCH = 8192;

/** @param first what `answered` does first */
const definitions = (first: string, fewestClients: number): string => `
  ${Object.entries(names)
    .map(([name, at]) => `(data (i32.const ${at}) "${name}")`)
    .join('\n')}
  ;; The id of a table or the errno as a negative number.
  (func $table (param $name i32) (param $length i32) (result i32) (local $errno i32)
    (local.set $errno (call $table_id_from_name (local.get $name) (local.get $length) (i32.const 16)))
    (if (local.get $errno) (then (return (i32.sub (i32.const 0) (local.get $errno)))))
    (i32.load (i32.const 16)))
  (func $item (result i32) (call $table (i32.const ${names.item}) (i32.const 4)))
  (func $item_id (result i32)
    (drop (call $index_id_from_name (i32.const ${names.item_id}) (i32.const 7) (i32.const 20)))
    (i32.load (i32.const 20)))
  ;; Copies the one row of a table to memory; its length, or 0.
  (func $row_of (param $table i32) (result i32)
    (drop (call $datastore_table_scan_bsatn (local.get $table) (i32.const 24)))
    (i32.store (i32.const 28) (i32.const 16384))
    (drop (call $row_iter_bsatn_advance (i32.load (i32.const 24)) (i32.const ${SCRATCH}) (i32.const 28)))
    (i32.load (i32.const 28)))
  (func $answered (param $sink i32) (result i32)
    ${first}
    (if (i32.eqz (call $row_of (call $table (i32.const ${names.answer}) (i32.const 6)))) (then
      (i32.store (i32.const ${SCRATCH}) (i32.const 0))
      (call $write (local.get $sink) (i32.const ${SCRATCH}) (i32.const 4))
      (return (i32.const 0))))
    (call $write (local.get $sink) (i32.const ${SCRATCH + 8}) (i32.load (i32.const ${SCRATCH + 4})))
    (i32.load (i32.const ${SCRATCH})))
  (func $counting (param $sink i32) (result i32) (local $count i32)
    (drop (call $datastore_table_row_count (call $table (i32.const ${names.st_client}) (i32.const 9)) (i32.const 24)))
    (local.set $count (i32.load (i32.const 24)))
    (if (i32.or (i32.lt_u (local.get $count) (i32.const ${fewestClients})) (i32.gt_u (local.get $count) (i32.const 3))) (then
      (return (call $fail (local.get $sink) (local.get $count)))))
    (i32.store (i32.const ${SCRATCH}) (i32.const 1))
    (i32.store (i32.const ${SCRATCH + 4}) (local.get $count))
    (i32.store (i32.const ${SCRATCH + 8}) (i32.const 0))
    (call $write (local.get $sink) (i32.const ${SCRATCH}) (i32.const 12))
    (i32.const 0))
  ;; Tries to write and answers the errno.
  (func $try (param $id i32) (result i32)
    (i32.store (i32.const 28) (i32.const 8)) ;; a row of 8 bytes
    (memory.fill (i32.const ${SCRATCH}) (i32.const 0) (i32.const 32))
    (block $clear (block $delete (block $update (block $insert (block $key (block $range
      (br_table $range $insert $update $delete $clear $key $range (local.get $id)))
      (i32.store8 (i32.const ${SCRATCH}) (i32.const 2)) ;; unbounded
      (return (call $datastore_delete_by_index_scan_range_bsatn (call $item_id) (i32.const ${SCRATCH + 16}) (i32.const 0)
        (i32.const 0) (i32.const ${SCRATCH}) (i32.const 1) (i32.const ${SCRATCH}) (i32.const 1) (i32.const 24))))
      (return (call $datastore_delete_by_index_scan_point_bsatn
        (call $item_id) (i32.const ${SCRATCH}) (i32.const 4) (i32.const 24))))
      (return (call $datastore_insert_bsatn (call $item) (i32.const ${SCRATCH}) (i32.const 28))))
      (return (call $datastore_update_bsatn (call $item) (call $item_id) (i32.const ${SCRATCH}) (i32.const 28))))
      (return (call $datastore_delete_all_by_eq_bsatn
        (call $item) (i32.const ${SCRATCH}) (i32.const 4) (i32.const 24))))
    (call $datastore_clear (call $item) (i32.const 24)))
  (func (export "__call_view_anon__") (param $id i32) (param $args i32) (param $sink i32) (result i32)
    (if (i32.eqz (local.get $id)) (then (return (call $answered (local.get $sink)))))
    (if (i32.le_u (local.get $id) (i32.const 6)) (then
      (return (call $fail (local.get $sink) (call $try (local.get $id))))))
    (if (i32.eq (local.get $id) (i32.const 7)) (then (return (call $fail (local.get $sink)
      (i32.sub (i32.const 0) (call $table (i32.const ${names.happening}) (i32.const 9)))))))
    (if (i32.eq (local.get $id) (i32.const 8)) (then (return (call $fail (local.get $sink)
      (i32.sub (i32.const 0) (call $table (i32.const ${names.answered}) (i32.const 8)))))))
    (if (i32.eq (local.get $id) (i32.const 9)) (then
      (call $volatile_nonatomic_schedule_immediate
        (i32.const ${names.tick}) (i32.const 4) (i32.const ${SCRATCH}) (i32.const 0))
      (i32.store (i32.const ${SCRATCH}) (i32.const 0))
      (call $write (local.get $sink) (i32.const ${SCRATCH}) (i32.const 4))
      (return (i32.const 0))))
    (if (i32.eq (local.get $id) (i32.const 10)) (then (return (call $counting (local.get $sink)))))
    (drop (call $datastore_table_row_count (call $item) (i32.const 24)))
    (if (i32.gt_u (i32.load (i32.const 24)) (i32.const 1)) (then
      (return (call $fail (local.get $sink) (i32.load (i32.const 24))))))
    (i32.store (i32.const ${SCRATCH}) (i32.const 0))
    (call $write (local.get $sink) (i32.const ${SCRATCH}) (i32.const 4))
    (i32.const 0))
  (func (export "__call_procedure__")
    (param $id i32) (param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)
    (param $c0 i64) (param $c1 i64) (param $time i64) (param $args i32) (param $sink i32) (result i32)
    (drop (call $procedure_start_mut_tx (i32.const ${SCRATCH + 64})))
    (i64.store (i32.const ${SCRATCH}) (i64.const 1))
    (i32.store (i32.const 28) (i32.const 8))
    (drop (call $datastore_insert_bsatn (call $item) (i32.const ${SCRATCH}) (i32.const 28)))
    (call $procedure_commit_mut_tx))`;
