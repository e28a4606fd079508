// AssemblyScript takes a file's name for the name of the wasm module that its declarations are imported from.

export declare function table_id_from_name(name: usize, nameLength: usize, out: usize): u32;
export declare function index_id_from_name(name: usize, nameLength: usize, out: usize): u32;

export declare function datastore_table_row_count(tableId: u32, out: usize): u32;
export declare function datastore_table_scan_bsatn(tableId: u32, out: usize): u32;
export declare function datastore_index_scan_range_bsatn(
  indexId: u32,
  prefix: usize,
  prefixLength: usize,
  prefixColumns: u32,
  lower: usize,
  lowerLength: usize,
  upper: usize,
  upperLength: usize,
  out: usize,
): u32;
export declare function datastore_delete_by_index_scan_range_bsatn(
  indexId: u32,
  prefix: usize,
  prefixLength: usize,
  prefixColumns: u32,
  lower: usize,
  lowerLength: usize,
  upper: usize,
  upperLength: usize,
  out: usize,
): u32;
export declare function datastore_delete_all_by_eq_bsatn(tableId: u32, rows: usize, rowsLength: usize, out: usize): u32;
export declare function row_iter_bsatn_advance(iterator: u32, buffer: usize, bufferLength: usize): i32;
export declare function row_iter_bsatn_close(iterator: u32): u32;
export declare function datastore_insert_bsatn(tableId: u32, row: usize, rowLength: usize): u32;
export declare function datastore_update_bsatn(tableId: u32, indexId: u32, row: usize, rowLength: usize): u32;

export declare function bytes_sink_write(sink: u32, buffer: usize, bufferLength: usize): u32;
export declare function bytes_source_read(source: u32, buffer: usize, bufferLength: usize): i32;

export declare function console_log(
  level: u32,
  target: usize,
  targetLength: usize,
  file: usize,
  fileLength: usize,
  line: u32,
  message: usize,
  messageLength: usize,
): void;
export declare function console_timer_start(name: usize, nameLength: usize): u32;
export declare function console_timer_end(timer: u32): u32;

export declare function identity(out: usize): void;
export declare function volatile_nonatomic_schedule_immediate(
  name: usize,
  nameLength: usize,
  args: usize,
  argsLength: usize,
): void;
