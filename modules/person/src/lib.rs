//! Program A of the HTTP vectors: a table with a unique name, an index, and a timer that ticks each second.

use std::time::Duration;

use spacetimedb::{ReducerContext, ScheduleAt, Table};

#[spacetimedb::table(accessor = person, public, index(accessor = by_age, btree(columns = [age])))]
pub struct Person {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    name: String,
    age: u32,
}

#[spacetimedb::table(accessor = tick_timer, scheduled(tick))]
pub struct TickTimer {
    #[primary_key]
    #[auto_inc]
    scheduled_id: u64,
    scheduled_at: ScheduleAt,
}

#[spacetimedb::reducer(init)]
pub fn init(ctx: &ReducerContext) {
    ctx.db.tick_timer().insert(TickTimer {
        scheduled_id: 0,
        scheduled_at: Duration::from_secs(1).into(),
    });
}

/// Panics if somebody of that name is there already.
#[spacetimedb::reducer]
pub fn add(ctx: &ReducerContext, name: String, age: u32) {
    ctx.db.person().insert(Person { id: 0, name, age });
}

#[spacetimedb::reducer]
pub fn say_hello(ctx: &ReducerContext) {
    for person in ctx.db.person().iter() {
        log::info!("Hello, {}!", person.name);
    }
}

#[spacetimedb::reducer]
fn tick(_ctx: &ReducerContext, t: TickTimer) {
    let _ = t;
}
