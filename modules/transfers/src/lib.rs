//! Funds transfers between accounts: the module of the benchmark.

use spacetimedb::{ReducerContext, Table};

#[spacetimedb::table(accessor = accounts, public)]
pub struct Account {
    #[primary_key]
    id: u32,
    balance: i64,
}

/// Replaces all accounts by `count` new ones with the ids 0, 1, …
#[spacetimedb::reducer]
pub fn seed(ctx: &ReducerContext, count: u32, balance: i64) {
    ctx.db.accounts().clear();
    for id in 0..count {
        ctx.db.accounts().insert(Account { id, balance });
    }
}

#[spacetimedb::reducer]
pub fn transfer(ctx: &ReducerContext, from: u32, to: u32, amount: i64) -> Result<(), String> {
    if from == to {
        return Err("the two accounts must differ".to_string());
    }
    if amount <= 0 {
        return Err("the amount must be positive".to_string());
    }
    let accounts = ctx.db.accounts();
    let payer = accounts.id().find(from).ok_or_else(|| no_account(from))?;
    let payee = accounts.id().find(to).ok_or_else(|| no_account(to))?;
    if payer.balance < amount {
        return Err(format!("account {from} has only {}", payer.balance));
    }
    let credited = payee.balance.checked_add(amount);
    let credited = credited.ok_or_else(|| format!("account {to} cannot hold so much"))?;
    accounts.id().update(Account { id: from, balance: payer.balance - amount });
    accounts.id().update(Account { id: to, balance: credited });
    Ok(())
}

fn no_account(id: u32) -> String {
    format!("there is no account {id}")
}
