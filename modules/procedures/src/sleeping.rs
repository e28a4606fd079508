//! Procedures that wait without holding up anybody else.

use std::time::Duration;

use spacetimedb::{procedure, ProcedureContext, TimeDuration, Timestamp};

use crate::write_entry;

/// How many microseconds went by, as the clock of the procedure says.
#[procedure]
fn sleep(ctx: &mut ProcedureContext, ms: u64) -> i64 {
    let start = ctx.timestamp;
    ctx.sleep_until(start + Duration::from_millis(ms));
    ctx.timestamp.to_micros_since_unix_epoch() - start.to_micros_since_unix_epoch()
}

/// A time that has passed is no reason to wait.
#[procedure]
fn sleep_until(ctx: &mut ProcedureContext, time: Timestamp) -> Timestamp {
    ctx.sleep_until(time);
    ctx.timestamp
}

/// Writes an entry, sleeps, writes another: in between everybody can see the first.
#[procedure]
fn write_sleep_write(ctx: &mut ProcedureContext, first: String, ms: u64, second: String) -> TimeDuration {
    let start = ctx.timestamp;
    ctx.with_tx(|tx| write_entry(tx, &first));
    ctx.sleep_until(start + Duration::from_millis(ms));
    ctx.with_tx(|tx| write_entry(tx, &second));
    ctx.timestamp.time_duration_since(start).unwrap_or(TimeDuration::ZERO)
}

/// What is kept on the stack and in memory survives a sleep.
#[procedure]
fn count_with_naps(ctx: &mut ProcedureContext, naps: u32) -> Vec<u32> {
    let mut counted = Vec::new();
    for nap in 0..naps {
        counted.push(nap);
        ctx.sleep_until(ctx.timestamp + Duration::from_millis(1));
    }
    counted
}
