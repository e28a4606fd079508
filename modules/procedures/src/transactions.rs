//! Transactions inside of procedures: committed, aborted, left by a panic, and what may not be done inside of one.

use spacetimedb::sys::procedure as raw;
use spacetimedb::{procedure, CtxWithTxManagement, ProcedureContext, SpacetimeType, Table};

use crate::{entry, write_entry};

/// Commits, and returns the entry's id.
#[procedure]
fn write_in_transaction(ctx: &mut ProcedureContext, text: String) -> u64 {
    ctx.with_tx(|tx| write_entry(tx, &text))
}

/// Writes, then returns `Err` from the transaction, which takes the entry back.
#[procedure]
fn write_and_abort(ctx: &mut ProcedureContext, text: String) -> Result<u64, String> {
    ctx.try_with_tx(|tx| {
        write_entry(tx, &text);
        Err(format!("\"{text}\" is not worth keeping"))
    })
}

#[procedure]
fn write_and_panic(ctx: &mut ProcedureContext, text: String) {
    ctx.with_tx(|tx| {
        write_entry(tx, &text);
        panic!("\"{text}\" was too much");
    })
}

/// The first transaction stays although the procedure then panics.
#[procedure]
fn commit_then_panic(ctx: &mut ProcedureContext, text: String) {
    ctx.with_tx(|tx| write_entry(tx, &text));
    panic!("after the commit");
}

/// A unique violation inside of a transaction, handled there: the transaction still commits.
#[procedure]
fn write_unless_there(ctx: &mut ProcedureContext, text: String) -> bool {
    ctx.with_tx(|tx| {
        let is_there = tx.db.entry().text().find(&text).is_some();
        if !is_there {
            write_entry(tx, &text);
        }
        !is_there
    })
}

/// One transaction for each text, in code that takes any context with transactions; those that fail leave nothing.
#[procedure]
fn write_each(ctx: &mut ProcedureContext, texts: Vec<String>) -> Vec<Result<u64, String>> {
    texts.iter().map(|text| write_new(ctx, text)).collect()
}

fn write_new(ctx: &mut impl CtxWithTxManagement, text: &str) -> Result<u64, String> {
    ctx.try_with_tx(|tx| {
        let id = write_entry(tx, &format!("draft of {text}"));
        tx.db.entry().id().delete(id);
        let entry = crate::Entry { id: 0, text: text.to_string(), author: tx.sender(), written_at: tx.timestamp };
        let inserted = tx.db.entry().try_insert(entry);
        inserted.map(|entry| entry.id).map_err(|error| error.to_string())
    })
}

/// Each transaction has its own time, not before the procedure's.
#[procedure]
fn transaction_times(ctx: &mut ProcedureContext) -> Vec<i64> {
    let start = ctx.timestamp;
    let first = ctx.with_tx(|tx| tx.timestamp);
    let second = ctx.with_tx(|tx| tx.timestamp);
    [start, first, second].map(|time| time.to_micros_since_unix_epoch()).to_vec()
}

#[derive(SpacetimeType)]
pub struct Errnos {
    /// Beginning a transaction inside of one.
    begin: Option<String>,
    /// Committing and aborting outside of one.
    commit: Option<String>,
    abort: Option<String>,
}

/// What the crate's types do not allow, done with raw calls: each is refused with an errno.
#[procedure]
fn forbidden_calls(ctx: &mut ProcedureContext) -> Errnos {
    let begin = ctx.with_tx(|_tx| raw::procedure_start_mut_tx().err());
    let [commit, abort] = [raw::procedure_commit_mut_tx().err(), raw::procedure_abort_mut_tx().err()];
    let [begin, commit, abort] = [begin, commit, abort].map(|errno| errno.map(|errno| errno.to_string()));
    Errnos { begin, commit, abort }
}

/// As a sleep, a request inside of a transaction is refused; the crate makes a panic of that.
#[procedure]
fn request_in_transaction(ctx: &mut ProcedureContext, text: String) {
    ctx.with_tx(|tx| {
        write_entry(tx, &text);
        // The bytes are no request: that a transaction is open has to be found out first.
        raw::http_request(&[0], &[]).is_ok()
    });
}

/// Returns with a transaction open: it is aborted, and the log says so.
#[procedure]
fn leave_transaction_open(_ctx: &mut ProcedureContext, text: String) -> u64 {
    raw::procedure_start_mut_tx().expect("there is no transaction yet");
    let entry = crate::Entry {
        id: 0,
        text,
        author: spacetimedb::Identity::ZERO,
        written_at: spacetimedb::Timestamp::UNIX_EPOCH,
    };
    spacetimedb::ReducerContext::__dummy().db.entry().insert(entry).id
}

/// Sleeping inside of a transaction would hold up everybody: it ends the procedure.
#[procedure]
fn sleep_in_transaction(ctx: &mut ProcedureContext, text: String) {
    ctx.with_tx(|tx| {
        write_entry(tx, &text);
        raw::sleep_until(tx.timestamp.to_micros_since_unix_epoch() + 1_000_000);
    });
}
