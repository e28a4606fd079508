//! Uses up what the host hands out.

use spacetimedb::log_stopwatch::LogStopwatch;
use spacetimedb::sys;
use spacetimedb::table::TableInternal;
use spacetimedb::{ReducerContext, Table};

use crate::{row, row__TableHandle, Row};

/// Begins scans and never ends them, with calls below the crate, whose iterators have a buffer each; the host drops them
/// at the end of the call.
#[spacetimedb::reducer]
pub fn leave_iterators_open(ctx: &ReducerContext, count: u32) {
    begin_scans(count);
    log::info!("{} rows behind {count} open iterators", ctx.db.row().count());
}

#[spacetimedb::reducer]
pub fn leave_iterators_open_and_panic(_ctx: &ReducerContext, count: u32) {
    begin_scans(count);
    panic!("{count} iterators stay open");
}

fn begin_scans(count: u32) {
    for _ in 0..count {
        let iterator = sys::datastore_table_scan_bsatn(row__TableHandle::table_id());
        std::mem::forget(iterator.expect("a scan of a table that exists"));
    }
}

/// Starts timers and never ends them.
#[spacetimedb::reducer]
pub fn leave_timers_open(_ctx: &ReducerContext, count: u32) {
    for number in 0..count {
        std::mem::forget(LogStopwatch::new(&format!("timer {number}")));
    }
}

/// One line of many bytes in the log.
#[spacetimedb::reducer]
pub fn log_long_line(_ctx: &ReducerContext, bytes: u32) {
    log::info!("{}", "x".repeat(bytes as usize));
}

#[spacetimedb::reducer]
pub fn log_until_it_ends(_ctx: &ReducerContext) {
    for number in 0u64.. {
        log::info!("line {number}");
    }
}

/// One row of many bytes.
#[spacetimedb::reducer]
pub fn insert_large_row(ctx: &ReducerContext, bytes: u32) {
    ctx.db.row().insert(Row { id: 0, bytes: vec![1; bytes as usize] });
}

/// The message of the error is as long as asked for.
#[spacetimedb::reducer]
pub fn fail_at_length(_ctx: &ReducerContext, bytes: u32) -> Result<(), String> {
    Err("e".repeat(bytes as usize))
}

#[spacetimedb::reducer]
pub fn panic_at_length(_ctx: &ReducerContext, bytes: u32) {
    panic!("{}", "p".repeat(bytes as usize));
}

/// Large arguments.
#[spacetimedb::reducer]
pub fn take_bytes(_ctx: &ReducerContext, bytes: Vec<u8>) {
    log::info!("took {} bytes", bytes.len());
}
