//! Scheduled functions: rows that call a reducer or a procedure when their time comes, and a call without a row.

use spacetimedb::{
    volatile_nonatomic_schedule_immediate, ProcedureContext, ReducerContext, ScheduleAt, Table, TimeDuration,
};

use crate::answer;

#[spacetimedb::table(accessor = reminder, public, scheduled(ring_reminder))]
pub struct Reminder {
    #[primary_key]
    #[auto_inc]
    id: u64,
    scheduled_at: ScheduleAt,
    text: String,
}

/// Answers `<text>` with the number of its rings and whether the database itself called; a repeated one ends at three.
#[spacetimedb::reducer]
pub fn ring_reminder(ctx: &ReducerContext, reminder: Reminder) {
    let former = ctx.db.answer().question().find(&reminder.text);
    let rings = former.map_or(0, |answer| answer.text.split(' ').next().unwrap_or("").parse().unwrap_or(0)) + 1;
    answer(ctx, &reminder.text, format!("{rings} {}", ctx.sender_auth().is_internal()));
    if rings == 3 {
        ctx.db.reminder().id().delete(reminder.id);
    }
}

#[spacetimedb::reducer]
pub fn remind_once(ctx: &ReducerContext, text: String, in_ms: u32) {
    let scheduled_at = (ctx.timestamp + micros(in_ms)).into();
    ctx.db.reminder().insert(Reminder { id: 0, scheduled_at, text });
}

#[spacetimedb::reducer]
pub fn remind_often(ctx: &ReducerContext, text: String, every_ms: u32) {
    ctx.db.reminder().insert(Reminder { id: 0, scheduled_at: micros(every_ms).into(), text });
}

/// Neither the columns' order nor their names are prescribed.
#[spacetimedb::table(accessor = errand, scheduled(run_errand, at = due))]
pub struct Errand {
    text: String,
    due: ScheduleAt,
    #[primary_key]
    #[auto_inc]
    number: u64,
}

#[spacetimedb::procedure]
pub fn run_errand(ctx: &mut ProcedureContext, errand: Errand) {
    ctx.with_tx(|tx| answer(tx, &errand.text, "begun"));
    ctx.sleep_until(ctx.timestamp + micros(1));
    ctx.with_tx(|tx| answer(tx, &errand.text, "done"));
}

#[spacetimedb::reducer]
pub fn send_on_errand(ctx: &ReducerContext, text: String) {
    ctx.db.errand().insert(Errand { text, due: ctx.timestamp.into(), number: 0 });
}

#[spacetimedb::reducer]
pub fn remark(ctx: &ReducerContext, text: String) {
    answer(ctx, "remark", text);
}

/// The call happens soon after this one, in a transaction of its own.
#[spacetimedb::reducer]
pub fn remark_soon(_ctx: &ReducerContext, text: String) {
    volatile_nonatomic_schedule_immediate!(remark(text));
}

fn micros(ms: u32) -> TimeDuration {
    TimeDuration::from_micros(i64::from(ms) * 1000)
}
