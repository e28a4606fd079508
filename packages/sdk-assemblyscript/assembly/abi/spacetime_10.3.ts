export declare function procedure_sleep_until(wakeAtMicros: i64): i64;
export declare function procedure_start_mut_tx(out: usize): u32;
export declare function procedure_commit_mut_tx(): u32;
export declare function procedure_abort_mut_tx(): u32;
export declare function procedure_http_request(
  request: usize,
  requestLength: usize,
  body: usize,
  bodyLength: usize,
  out: usize,
): u32;
