//! Transactions that run when they are due, by a row that an earlier transaction has left.

use spacetimedb::{ReducerContext, ScheduleAt, Table, TimeDuration};

use crate::{run_transaction, Step};

#[spacetimedb::table(accessor = due_transaction, scheduled(run_due))]
pub struct DueTransaction {
    #[primary_key]
    #[auto_inc]
    scheduled_id: u64,
    scheduled_at: ScheduleAt,
    transaction: u64,
    steps: Vec<Step>,
}

#[spacetimedb::reducer]
fn run_due(ctx: &ReducerContext, due: DueTransaction) {
    run_transaction(ctx, due.transaction, &due.steps);
}

/// Does its own steps now, and in some time those of `transaction + 1`.
#[spacetimedb::reducer]
pub fn transact_now_and_later(
    ctx: &ReducerContext,
    transaction: u64,
    steps: Vec<Step>,
    later_micros: i64,
    later_steps: Vec<Step>,
) {
    run_transaction(ctx, transaction, &steps);
    let scheduled_at = (ctx.timestamp + TimeDuration::from_micros(later_micros)).into();
    let transaction = transaction + 1;
    ctx.db.due_transaction().insert(DueTransaction { scheduled_id: 0, scheduled_at, transaction, steps: later_steps });
}
