//! What a reducer learns about its caller, the time and chance.

use spacetimedb::rand::Rng;
use spacetimedb::{Identity, ReducerContext, Table, Timestamp};

use crate::answer;

/// Everybody who is connected now, one row for each connection.
#[spacetimedb::table(accessor = presence, public)]
pub struct Presence {
    #[primary_key]
    connection: String,
    identity: Identity,
    since: Timestamp,
    issuer: String,
}

#[spacetimedb::reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) -> Result<(), String> {
    let auth = ctx.sender_auth();
    let issuer = auth.jwt().map_or("none", |claims| claims.issuer()).to_string();
    if auth.jwt().is_some_and(|claims| claims.subject() == "not welcome") {
        return Err("you are not welcome here".to_string());
    }
    let connection = ctx.connection_id().map_or("none".to_string(), |id| id.to_string());
    ctx.db.presence().insert(Presence { connection, identity: ctx.sender(), since: ctx.timestamp, issuer });
    Ok(())
}

#[spacetimedb::reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) {
    let connection = ctx.connection_id().map_or("none".to_string(), |id| id.to_string());
    ctx.db.presence().connection().delete(connection);
}

/// Lines of `sender`, `connection`, `database`, `internal`, and the claims of the token if there is one.
#[spacetimedb::reducer]
pub fn who_am_i(ctx: &ReducerContext) {
    let auth = ctx.sender_auth();
    let mut lines = vec![
        format!("sender {}", ctx.sender()),
        format!("connection {}", ctx.connection_id().map_or("none".to_string(), |id| id.to_string())),
        format!("database {}", ctx.database_identity()),
        format!("internal {}", auth.is_internal()),
    ];
    if let Some(claims) = auth.jwt() {
        lines.push(format!("subject {}", claims.subject()));
        lines.push(format!("issuer {}", claims.issuer()));
        lines.push(format!("audience {}", claims.audience().join(",")));
        lines.push(format!("identity {}", claims.identity()));
        lines.push(format!("payload {}", claims.raw_payload()));
    }
    answer(ctx, "who_am_i", lines.join("\n"));
}

#[spacetimedb::reducer]
pub fn what_time_is_it(ctx: &ReducerContext) {
    answer(ctx, "what_time_is_it", ctx.timestamp.to_micros_since_unix_epoch().to_string());
}

/// The numbers follow from the timestamp of the call alone.
#[spacetimedb::reducer]
pub fn roll_dice(ctx: &ReducerContext, count: u32) {
    let rolls = (0..count).map(|_| ctx.rng().gen_range(1..=6).to_string());
    answer(ctx, "roll_dice", rolls.collect::<Vec<_>>().join(","));
}

#[spacetimedb::reducer]
pub fn make_uuid(ctx: &ReducerContext) -> Result<(), String> {
    let uuid = ctx.new_uuid_v7().map_err(|error| error.to_string())?;
    answer(ctx, "make_uuid", uuid.to_string());
    Ok(())
}
