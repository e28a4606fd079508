//! Scheduled procedures: they may sleep and take several transactions. A one-shot row is deleted before its procedure
//! runs, so that a crash cannot run an errand twice.

use std::time::Duration;

use spacetimedb::{ProcedureContext, ReducerContext, ScheduleAt, Table, TimeDuration};

use crate::note;

#[spacetimedb::table(accessor = errand, public, scheduled(run_errand))]
#[derive(Clone)]
pub struct Errand {
    #[primary_key]
    #[auto_inc]
    scheduled_id: u64,
    scheduled_at: ScheduleAt,
    label: String,
    takes_ms: u32,
    ends_in_panic: bool,
}

/// Notes its start, takes its time, notes its end.
#[spacetimedb::procedure]
pub fn run_errand(ctx: &mut ProcedureContext, errand: Errand) {
    let id = errand.scheduled_id;
    ctx.with_tx(|tx| {
        let is_row_there = tx.db.errand().scheduled_id().find(id).is_some();
        note(tx, &format!("{} begins, row {}", errand.label, if is_row_there { "there" } else { "gone" }), id);
    });
    if errand.takes_ms > 0 {
        ctx.sleep_until(ctx.timestamp + Duration::from_millis(u64::from(errand.takes_ms)));
    }
    if errand.ends_in_panic {
        panic!("{} went wrong", errand.label);
    }
    ctx.with_tx(|tx| note(tx, &format!("{} ends", errand.label), id));
}

#[spacetimedb::reducer]
pub fn send_on_errand(ctx: &ReducerContext, label: String, in_ms: i64, takes_ms: u32, ends_in_panic: bool) {
    let scheduled_at = (ctx.timestamp + TimeDuration::from_micros(in_ms * 1000)).into();
    ctx.db.errand().insert(Errand { scheduled_id: 0, scheduled_at, label, takes_ms, ends_in_panic });
}

#[spacetimedb::reducer]
pub fn send_on_errands(ctx: &ReducerContext, label: String, every_ms: i64, takes_ms: u32, ends_in_panic: bool) {
    let scheduled_at = TimeDuration::from_micros(every_ms * 1000).into();
    ctx.db.errand().insert(Errand { scheduled_id: 0, scheduled_at, label, takes_ms, ends_in_panic });
}

#[spacetimedb::reducer]
pub fn stop_errands(ctx: &ReducerContext) {
    ctx.db.errand().clear();
}
