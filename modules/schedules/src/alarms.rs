//! One-shot timers, and what the reducer that they call may do: fail, panic, move or delete timers.

use spacetimedb::{ReducerContext, ScheduleAt, SpacetimeType, Table, TimeDuration, Timestamp};

use crate::note;

/// A row with `ScheduleAt::Time` calls `ring` once, and is deleted afterwards, whether `ring` succeeded or not.
#[spacetimedb::table(accessor = alarm, public, scheduled(ring))]
#[derive(Clone)]
pub struct Alarm {
    #[primary_key]
    #[auto_inc]
    scheduled_id: u64,
    scheduled_at: ScheduleAt,
    label: String,
    deed: Deed,
}

/// What `ring` does after it has noted that it ran.
#[derive(SpacetimeType, Clone)]
pub enum Deed {
    Nothing,
    Fail,
    Panic,
    LoopForever,
    DeleteItself,
    /// In this many milliseconds it rings again, once, without a deed.
    MoveItself(u32),
    DeleteOther(u64),
    MoveOther(Move),
    /// Sets a new alarm with the same label and this deed's delay, and so on for ever.
    SetAnother(u32),
}

#[derive(SpacetimeType, Clone)]
pub struct Move {
    scheduled_id: u64,
    in_ms: u32,
}

/// Runs in the database's own name; a client other than the owner cannot call it.
#[spacetimedb::reducer]
pub fn ring(ctx: &ReducerContext, alarm: Alarm) -> Result<(), String> {
    note(ctx, &alarm.label, alarm.scheduled_id);
    log::info!("{} rings", alarm.label);
    let alarms = ctx.db.alarm();
    match alarm.deed {
        Deed::Nothing => {}
        Deed::Fail => return Err(format!("{} cannot ring", alarm.label)),
        Deed::Panic => panic!("{} is broken", alarm.label),
        Deed::LoopForever => loop {
            std::hint::black_box(alarms.count());
        },
        Deed::DeleteItself => {
            alarms.scheduled_id().delete(alarm.scheduled_id);
        }
        Deed::MoveItself(in_ms) => {
            alarms.scheduled_id().update(Alarm {
                scheduled_at: after(ctx, i64::from(in_ms)).into(),
                deed: Deed::Nothing,
                ..alarm
            });
        }
        Deed::DeleteOther(id) => {
            alarms.scheduled_id().delete(id);
        }
        Deed::MoveOther(Move { scheduled_id, in_ms }) => move_alarm(ctx, scheduled_id, i64::from(in_ms))?,
        Deed::SetAnother(in_ms) => {
            alarms.insert(Alarm { scheduled_id: 0, scheduled_at: after(ctx, i64::from(in_ms)).into(), ..alarm });
        }
    }
    Ok(())
}

/// A negative delay means a time that has passed: such an alarm rings at once.
#[spacetimedb::reducer]
pub fn set_alarm(ctx: &ReducerContext, label: String, in_ms: i64, deed: Deed) {
    let scheduled_at = after(ctx, in_ms).into();
    ctx.db.alarm().insert(Alarm { scheduled_id: 0, scheduled_at, label, deed });
}

/// As `set_alarm`, but the transaction fails: nothing may ever ring.
#[spacetimedb::reducer]
pub fn set_alarm_and_fail(ctx: &ReducerContext, label: String, in_ms: i64) -> Result<(), String> {
    set_alarm(ctx, label, in_ms, Deed::Nothing);
    Err("the alarm was not meant".to_string())
}

#[spacetimedb::reducer]
pub fn set_alarms(ctx: &ReducerContext, count: u32, label: String, in_ms: i64) {
    for _ in 0..count {
        set_alarm(ctx, label.clone(), in_ms, Deed::Nothing);
    }
}

#[spacetimedb::reducer]
pub fn move_alarm(ctx: &ReducerContext, scheduled_id: u64, in_ms: i64) -> Result<(), String> {
    let alarm = ctx.db.alarm().scheduled_id().find(scheduled_id);
    let alarm = alarm.ok_or_else(|| format!("there is no alarm {scheduled_id}"))?;
    let scheduled_at = after(ctx, in_ms).into();
    ctx.db.alarm().scheduled_id().update(Alarm { scheduled_at, ..alarm });
    Ok(())
}

/// As `move_alarm`, but the transaction fails: the alarm rings when it would have.
#[spacetimedb::reducer]
pub fn move_alarm_and_fail(ctx: &ReducerContext, scheduled_id: u64, in_ms: i64) -> Result<(), String> {
    move_alarm(ctx, scheduled_id, in_ms)?;
    Err("the alarm was not to be moved".to_string())
}

#[spacetimedb::reducer]
pub fn stop_alarm(ctx: &ReducerContext, scheduled_id: u64) {
    ctx.db.alarm().scheduled_id().delete(scheduled_id);
}

/// As `stop_alarm`, but the transaction fails: the alarm rings all the same.
#[spacetimedb::reducer]
pub fn stop_alarm_and_fail(ctx: &ReducerContext, scheduled_id: u64) -> Result<(), String> {
    stop_alarm(ctx, scheduled_id);
    Err("the alarm was not to be stopped".to_string())
}

#[spacetimedb::reducer]
pub fn stop_all_alarms(ctx: &ReducerContext) {
    ctx.db.alarm().clear();
}

fn after(ctx: &ReducerContext, in_ms: i64) -> Timestamp {
    ctx.timestamp + TimeDuration::from_micros(in_ms * 1000)
}
