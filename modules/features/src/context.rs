//! The lifecycle, and what a reducer learns about its caller, the time and chance; the log.

use spacetimedb::log_stopwatch::LogStopwatch;
use spacetimedb::rand::Rng;
use spacetimedb::{ConnectionId, Identity, ReducerContext, SpacetimeType, Table, Timestamp};

use crate::{answer, expect};

#[derive(SpacetimeType)]
pub enum VisitKind {
    Connected,
    Disconnected,
}

/// A row for each time that somebody came or left.
#[spacetimedb::table(accessor = visit, public)]
pub struct Visit {
    #[primary_key]
    #[auto_inc]
    id: u64,
    kind: VisitKind,
    visitor: Identity,
    connection: Option<ConnectionId>,
    timestamp: Timestamp,
}

#[spacetimedb::reducer(init)]
pub fn init(ctx: &ReducerContext) {
    answer(ctx, "init", "done");
}

#[spacetimedb::reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) {
    note_visit(ctx, VisitKind::Connected);
}

#[spacetimedb::reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) {
    note_visit(ctx, VisitKind::Disconnected);
}

fn note_visit(ctx: &ReducerContext, kind: VisitKind) {
    let (visitor, connection, timestamp) = (ctx.sender(), ctx.connection_id(), ctx.timestamp);
    ctx.db.visit().insert(Visit { id: 0, kind, visitor, connection, timestamp });
}

/// Lines of `sender`, `connection`, `database`, `internal`, and of the token's `issuer` and `subject`.
#[spacetimedb::reducer]
pub fn who_am_i(ctx: &ReducerContext) {
    let auth = ctx.sender_auth();
    let lines = [
        format!("sender {}", ctx.sender().to_hex()),
        format!("connection {}", ctx.connection_id().map_or("none".to_string(), |id| id.to_hex().to_string())),
        format!("database {}", ctx.database_identity().to_hex()),
        format!("internal {}", auth.is_internal()),
        format!("issuer {}", auth.jwt().map_or("none", |claims| claims.issuer())),
        format!("subject {}", auth.jwt().map_or("none", |claims| claims.subject())),
    ];
    answer(ctx, "who_am_i", lines.join("\n"));
}

/// What is random differs between calls, so only its properties are looked at.
#[spacetimedb::reducer]
pub fn check_chance(ctx: &ReducerContext) -> Result<(), String> {
    let mut counts = [0; 6];
    for _ in 0..600 {
        counts[ctx.rng().gen_range(0..6)] += 1;
    }
    expect(counts.iter().all(|count| (50..150).contains(count)), "each face of a die comes up")?;
    let [first, second] = [ctx.random::<u64>(), ctx.random::<u64>()];
    expect(first != second, "two random numbers differ")?;
    let error = |error| format!("{error}");
    let (first, second) = (ctx.new_uuid_v4().map_err(error)?, ctx.new_uuid_v4().map_err(error)?);
    expect(first != second && first.as_u128() >> 76 & 0xf == 4, "random UUIDs differ")?;
    let (first, second) = (ctx.new_uuid_v7().map_err(error)?, ctx.new_uuid_v7().map_err(error)?);
    expect(first < second && first.as_u128() >> 76 & 0xf == 7, "timely UUIDs grow")?;
    let millis = (first.as_u128() >> 80) as i64;
    expect(millis == ctx.timestamp.to_micros_since_unix_epoch() / 1000, "timely UUIDs have the time of the call")
}

/// A line of each level, and how long that took.
#[spacetimedb::reducer]
pub fn log_all_levels(_ctx: &ReducerContext, text: String) {
    let stopwatch = LogStopwatch::new("all levels");
    log::error!("{text}");
    log::warn!("{text}");
    log::info!("{text}");
    log::debug!("{text}");
    log::trace!("{text}");
    stopwatch.end();
}
