//! Intervals: a row with `ScheduleAt::Interval` calls its reducer again and again until it is deleted.

use spacetimedb::{ReducerContext, ScheduleAt, Table, TimeDuration};

use crate::note;

/// Neither the columns' order nor their names are prescribed, as long as `at` says which column has the time.
#[spacetimedb::table(accessor = heartbeat, public, scheduled(beat, at = every))]
#[derive(Clone)]
pub struct Heartbeat {
    #[unique]
    label: String,
    beats: u32,
    /// The one that is to end itself stops here.
    last_beat: Option<u32>,
    every: ScheduleAt,
    #[primary_key]
    #[auto_inc]
    heart_id: u64,
}

/// A weak heart panics at each beat, and goes on beating.
#[spacetimedb::reducer]
pub fn beat(ctx: &ReducerContext, heart: Heartbeat) {
    if heart.label.starts_with("weak") {
        panic!("{} is weak", heart.label);
    }
    note(ctx, &heart.label, heart.heart_id);
    let beats = heart.beats + 1;
    if heart.last_beat.is_some_and(|last| beats >= last) {
        ctx.db.heartbeat().heart_id().delete(heart.heart_id);
    } else {
        // The row is written anew at each beat; that changes nothing about the rhythm.
        ctx.db.heartbeat().heart_id().update(Heartbeat { beats, ..heart });
    }
}

/// A beat each `every_ms`: a negative interval counts like a positive one, zero means as often as possible.
#[spacetimedb::reducer]
pub fn start_heartbeat(ctx: &ReducerContext, label: String, every_ms: i64, last_beat: Option<u32>) {
    let every = TimeDuration::from_micros(every_ms * 1000).into();
    ctx.db.heartbeat().insert(Heartbeat { label, beats: 0, last_beat, every, heart_id: 0 });
}

#[spacetimedb::reducer]
pub fn change_heartbeat(ctx: &ReducerContext, label: String, every_ms: i64) -> Result<(), String> {
    let heart = ctx.db.heartbeat().label().find(&label).ok_or_else(|| format!("there is no {label}"))?;
    let every = TimeDuration::from_micros(every_ms * 1000).into();
    ctx.db.heartbeat().heart_id().update(Heartbeat { every, ..heart });
    Ok(())
}

#[spacetimedb::reducer]
pub fn stop_heartbeat(ctx: &ReducerContext, label: String) {
    ctx.db.heartbeat().label().delete(label);
}
