//! Auto-incremented columns of several widths.

use spacetimedb::{ReducerContext, Table};

use crate::answer;

#[spacetimedb::table(accessor = ticket, public)]
pub struct Ticket {
    #[primary_key]
    #[auto_inc]
    id: u64,
    text: String,
}

/// Its 255 numbers are soon used up.
#[spacetimedb::table(accessor = small_ticket, public)]
pub struct SmallTicket {
    #[primary_key]
    #[auto_inc]
    id: u8,
}

/// Two sequences in one row; the second column is not unique.
#[spacetimedb::table(accessor = double_ticket, public)]
pub struct DoubleTicket {
    #[primary_key]
    #[auto_inc]
    id: i32,
    #[auto_inc]
    serial: i128,
}

#[spacetimedb::reducer]
pub fn draw_tickets(ctx: &ReducerContext, count: u32) {
    let ids = (0..count).map(|_| ctx.db.ticket().insert(Ticket { id: 0, text: String::new() }).id);
    let text = ids.map(|id| id.to_string()).collect::<Vec<_>>().join(",");
    answer(ctx, "draw_tickets", text);
}

/// A row with an id of the caller's choice, past the sequence.
#[spacetimedb::reducer]
pub fn take_ticket(ctx: &ReducerContext, id: u64) {
    ctx.db.ticket().insert(Ticket { id, text: "taken".to_string() });
}

#[spacetimedb::reducer]
pub fn draw_tickets_and_fail(ctx: &ReducerContext, count: u32) -> Result<(), String> {
    draw_tickets(ctx, count);
    Err("all tickets go back".to_string())
}

#[spacetimedb::reducer]
pub fn draw_small_tickets(ctx: &ReducerContext, count: u32) {
    for _ in 0..count {
        ctx.db.small_ticket().insert(SmallTicket { id: 0 });
    }
}

#[spacetimedb::reducer]
pub fn draw_double_ticket(ctx: &ReducerContext, id: i32, serial: i128) {
    let drawn = ctx.db.double_ticket().insert(DoubleTicket { id, serial });
    answer(ctx, "draw_double_ticket", format!("{} {}", drawn.id, drawn.serial));
}
