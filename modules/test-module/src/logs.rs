//! The module log: every level, timing spans, and a call that only writes a lot.

use spacetimedb::log_stopwatch::LogStopwatch;
use spacetimedb::ReducerContext;

#[spacetimedb::reducer]
pub fn log_all_levels(_ctx: &ReducerContext) {
    log::error!("an error");
    log::warn!("a warning");
    log::info!("an info\nof two lines");
    log::debug!("a debug message");
    log::trace!("a trace message");
}

#[spacetimedb::reducer]
pub fn log_a_span(_ctx: &ReducerContext, name: String) {
    let outer = LogStopwatch::new(&name);
    LogStopwatch::new("inner").end();
    outer.end();
}

#[spacetimedb::reducer]
pub fn log_lines(_ctx: &ReducerContext, count: u32) {
    for number in 0..count {
        log::info!("line {number}");
    }
}
