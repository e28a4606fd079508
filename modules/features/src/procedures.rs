//! Procedures: functions outside of transactions that return a value to their caller alone, may sleep, send HTTP
//! requests, and take as many transactions as they need.

use spacetimedb::rand::Rng;
use spacetimedb::{procedure, ConnectionId, Identity, ProcedureContext, SpacetimeType, TimeDuration};

use crate::indexes::{item, try_add};
use crate::types::{Color, Everything};

#[derive(SpacetimeType)]
pub struct Caller {
    identity: Identity,
    connection: Option<ConnectionId>,
    database: Identity,
}

/// Known to clients by another name than to the module.
#[procedure(name = "given_procedure")]
pub fn add_numbers(_ctx: &mut ProcedureContext, left: i64, right: i64) -> i64 {
    left.wrapping_add(right)
}

#[procedure]
pub fn echo_everything(_ctx: &mut ProcedureContext, row: Everything) -> Everything {
    row
}

#[procedure]
pub fn get_caller(ctx: &mut ProcedureContext) -> Caller {
    Caller { identity: ctx.sender(), connection: ctx.connection_id(), database: ctx.database_identity() }
}

#[procedure]
pub fn roll_dice(ctx: &mut ProcedureContext, count: u32) -> Vec<u8> {
    (0..count).map(|_| ctx.rng().gen_range(1..=6)).collect()
}

/// Commits, and returns the score that the item has then.
#[procedure]
pub fn keep_item(ctx: &mut ProcedureContext, name: String, slot: u32) -> Result<i32, String> {
    ctx.try_with_tx(|tx| try_add(tx, name.clone(), slot, 1, Color::Red))?;
    let found = ctx.with_tx(|tx| tx.db.item().name().find(&name));
    found.map(|item| item.score).ok_or_else(|| format!("{name} is gone"))
}

/// Returns `Err` from the transaction, which takes the item back; the procedure itself returns whether it is gone.
#[procedure]
pub fn abort_item(ctx: &mut ProcedureContext, name: String, slot: u32) -> bool {
    let aborted: Result<(), String> = ctx.try_with_tx(|tx| {
        try_add(tx, name.clone(), slot, 1, Color::Red)?;
        Err("not meant".to_string())
    });
    aborted.is_err() && ctx.with_tx(|tx| tx.db.item().name().find(&name).is_none())
}

/// Whether the clock of the procedure went on by as much as it slept, at least.
#[procedure]
pub fn take_nap(ctx: &mut ProcedureContext, ms: u32) -> bool {
    let end = ctx.timestamp + TimeDuration::from_micros(i64::from(ms) * 1000);
    ctx.sleep_until(end);
    ctx.timestamp >= end
}

/// `<status> <body>` of a GET.
#[procedure]
pub fn fetch_text(ctx: &mut ProcedureContext, url: String) -> Result<String, String> {
    let response = ctx.http.get(url).map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    Ok(format!("{status} {}", response.into_body().into_string_lossy()))
}
