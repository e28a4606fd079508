export declare function datastore_index_scan_point_bsatn(
  indexId: u32,
  point: usize,
  pointLength: usize,
  out: usize,
): u32;
export declare function datastore_delete_by_index_scan_point_bsatn(
  indexId: u32,
  point: usize,
  pointLength: usize,
  out: usize,
): u32;
