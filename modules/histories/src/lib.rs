//! Transactions for tests that record histories and check them: each is a list of steps that its caller makes up,
//! and what its reads returned is part of it.

mod handlers;
mod later;
mod procedures;
mod views;

use spacetimedb::{CtxDbWrite, ReducerContext, SpacetimeType, Table};

/// One element of a list, appended by one transaction. A list is its elements by `position`.
#[spacetimedb::table(accessor = element, public)]
pub struct Element {
    #[primary_key]
    #[auto_inc]
    position: u64,
    #[index(btree)]
    key: u32,
    value: u64,
}

#[spacetimedb::table(accessor = register, public)]
pub struct Register {
    #[primary_key]
    key: u32,
    value: u64,
}

/// What a committed transaction read: for each of its steps the list, the register (none or one), or nothing.
#[spacetimedb::table(accessor = outcome, public)]
pub struct Outcome {
    #[primary_key]
    transaction: u64,
    observed: Vec<Vec<u64>>,
}

/// Values are unique over all transactions, so that whoever reads one knows who wrote it.
#[derive(SpacetimeType, Clone)]
pub enum Step {
    Append(KeyValue),
    ReadList(u32),
    Write(KeyValue),
    ReadRegister(u32),
}

#[derive(SpacetimeType, Clone)]
pub struct KeyValue {
    key: u32,
    value: u64,
}

#[spacetimedb::reducer]
pub fn transact(ctx: &ReducerContext, transaction: u64, steps: Vec<Step>) {
    run_transaction(ctx, transaction, &steps);
}

/// As `transact`, but fails: nothing of it may ever be seen.
#[spacetimedb::reducer]
pub fn transact_and_fail(ctx: &ReducerContext, transaction: u64, steps: Vec<Step>) -> Result<(), String> {
    let observed = run_transaction(ctx, transaction, &steps);
    Err(format!("transaction {transaction} has read {observed:?}, and fails"))
}

/// Does the steps and keeps what they read, in the caller's transaction.
fn run_transaction(ctx: &impl CtxDbWrite, transaction: u64, steps: &[Step]) -> Vec<Vec<u64>> {
    let observed: Vec<Vec<u64>> = steps.iter().map(|step| run_step(ctx, step)).collect();
    ctx.db().outcome().insert(Outcome { transaction, observed: observed.clone() });
    observed
}

fn run_step(ctx: &impl CtxDbWrite, step: &Step) -> Vec<u64> {
    let db = ctx.db();
    match *step {
        Step::Append(KeyValue { key, value }) => {
            db.element().insert(Element { position: 0, key, value });
            Vec::new()
        }
        Step::ReadList(key) => {
            let mut elements: Vec<Element> = db.element().key().filter(key).collect();
            elements.sort_by_key(|element| element.position);
            elements.iter().map(|element| element.value).collect()
        }
        Step::Write(KeyValue { key, value }) => {
            let register = Register { key, value };
            if db.register().key().find(key).is_some() {
                db.register().key().update(register);
            } else {
                db.register().insert(register);
            }
            Vec::new()
        }
        Step::ReadRegister(key) => db.register().key().find(key).map(|register| register.value).into_iter().collect(),
    }
}
