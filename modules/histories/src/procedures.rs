//! Transactions of procedures, which return what they read.

use spacetimedb::{procedure, ProcedureContext, TimeDuration};

use crate::{run_step, run_transaction, Step};

#[procedure]
fn transact_in_procedure(ctx: &mut ProcedureContext, transaction: u64, steps: Vec<Step>) -> Vec<Vec<u64>> {
    ctx.with_tx(|tx| run_transaction(tx, transaction, &steps))
}

/// Does the steps of `transaction`, waits, and does those of `transaction + 1`: others come in between.
#[procedure]
fn transact_wait_transact(
    ctx: &mut ProcedureContext,
    transaction: u64,
    steps: Vec<Step>,
    wait_micros: i64,
    later_steps: Vec<Step>,
) -> Vec<Vec<u64>> {
    let mut observed = ctx.with_tx(|tx| run_transaction(tx, transaction, &steps));
    ctx.sleep_until(ctx.timestamp + TimeDuration::from_micros(wait_micros));
    observed.extend(ctx.with_tx(|tx| run_transaction(tx, transaction + 1, &later_steps)));
    observed
}

/// Does steps that only read, in one transaction that leaves nothing behind.
#[procedure]
fn observe(ctx: &mut ProcedureContext, steps: Vec<Step>) -> Vec<Vec<u64>> {
    ctx.with_tx(|tx| steps.iter().map(|step| run_step(tx, step)).collect())
}
