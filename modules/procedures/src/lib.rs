//! Procedures: functions outside of transactions that return a value to their caller alone, may sleep, send HTTP
//! requests, and take as many transactions as they need.

mod caller;
mod requests;
mod sleeping;
mod transactions;
mod values;

use spacetimedb::{CtxDbWrite, CtxWithSender, CtxWithTimestamp, Identity, ReducerContext, Table, Timestamp};

#[spacetimedb::table(accessor = entry, public)]
pub struct Entry {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    text: String,
    author: Identity,
    written_at: Timestamp,
}

/// Works in a reducer as well as in a procedure's transaction.
fn write_entry(ctx: &(impl CtxDbWrite + CtxWithSender + CtxWithTimestamp), text: &str) -> u64 {
    let text = text.to_string();
    ctx.db().entry().insert(Entry { id: 0, text, author: ctx.sender(), written_at: ctx.timestamp() }).id
}

#[spacetimedb::reducer]
pub fn write(ctx: &ReducerContext, text: String) {
    write_entry(ctx, &text);
}

#[spacetimedb::reducer]
pub fn erase(ctx: &ReducerContext, text: String) -> Result<(), String> {
    let is_erased = ctx.db.entry().text().delete(&text);
    is_erased.then_some(()).ok_or_else(|| format!("there is no entry \"{text}\""))
}
