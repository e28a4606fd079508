//! Timers: rows that call a reducer or a procedure when their time comes. What ran, and when, is in the table `run`.

mod alarms;
mod errands;
mod heartbeats;
mod immediate;

use spacetimedb::{ConnectionId, Identity, ReducerContext, Table, Timestamp};

/// One row for each time that something scheduled ran (and was not rolled back).
#[spacetimedb::table(accessor = run, public)]
pub struct Run {
    #[primary_key]
    #[auto_inc]
    id: u64,
    label: String,
    /// The schedule's row; 0 if there was none.
    scheduled_id: u64,
    ran_at: Timestamp,
    caller: Identity,
    connection: Option<ConnectionId>,
    is_internal: bool,
}

/// Whoever runs timers is the database itself, without a connection: the tests read that in the row.
fn note(ctx: &ReducerContext, label: &str, scheduled_id: u64) {
    ctx.db.run().insert(Run {
        id: 0,
        label: label.to_string(),
        scheduled_id,
        ran_at: ctx.timestamp,
        caller: ctx.sender(),
        connection: ctx.connection_id(),
        is_internal: ctx.sender_auth().is_internal(),
    });
}

#[spacetimedb::reducer]
pub fn forget_runs(ctx: &ReducerContext) {
    ctx.db.run().clear();
}
