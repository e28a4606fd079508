//! Loans that end by themselves: a timer for each, and one that warns regularly.

use std::time::Duration;

use spacetimedb::{reducer, table, Identity, ReducerContext, ScheduleAt, Table, Timestamp};

use crate::book;

#[table(name = loan, scheduled(end_loan))]
pub struct Loan {
    #[primary_key]
    #[auto_inc]
    scheduled_id: u64,
    scheduled_at: ScheduleAt,
    book_id: u64,
    reader: Identity,
}

#[table(name = reminder, scheduled(remind, at = every))]
pub struct Reminder {
    #[primary_key]
    #[auto_inc]
    reminder_id: u64,
    every: ScheduleAt,
}

#[table(name = returned, public)]
pub struct Returned {
    #[primary_key]
    #[auto_inc]
    id: u64,
    title: String,
    reader: Identity,
    at: Timestamp,
    /// By the timer, that is by the database itself.
    by_itself: bool,
}

#[reducer]
pub fn borrow_book(ctx: &ReducerContext, title: String, for_ms: u64) -> Result<(), String> {
    let book = ctx.db.book().title().find(&title).ok_or_else(|| format!("there is no \"{title}\""))?;
    ctx.db.loan().insert(Loan {
        scheduled_id: 0,
        scheduled_at: (ctx.timestamp + Duration::from_millis(for_ms)).into(),
        book_id: book.id,
        reader: ctx.sender,
    });
    Ok(())
}

/// In modules of this version whoever wants may call a scheduled reducer, unless it looks who calls.
#[reducer]
pub fn end_loan(ctx: &ReducerContext, loan: Loan) -> Result<(), String> {
    let by_itself = ctx.sender == ctx.identity();
    if !by_itself && ctx.sender != loan.reader {
        return Err("somebody else's loan".to_string());
    }
    let book = ctx.db.book().id().find(loan.book_id).ok_or("the book is gone")?;
    ctx.db.returned().insert(Returned { id: 0, title: book.title, reader: loan.reader, at: ctx.timestamp, by_itself });
    Ok(())
}

#[reducer]
pub fn start_reminding(ctx: &ReducerContext, every_ms: u64) {
    ctx.db.reminder().insert(Reminder { reminder_id: 0, every: Duration::from_millis(every_ms).into() });
}

#[reducer]
pub fn stop_reminding(ctx: &ReducerContext) {
    for reminder in ctx.db.reminder().iter() {
        ctx.db.reminder().reminder_id().delete(reminder.reminder_id);
    }
}

#[reducer]
pub fn remind(ctx: &ReducerContext, _reminder: Reminder) {
    log::info!("{} books are out", ctx.db.loan().count());
}
