//! What a procedure learns about its caller, the time and chance.

use spacetimedb::rand::Rng;
use spacetimedb::{procedure, ConnectionId, Identity, ProcedureContext, SpacetimeType, Timestamp, Uuid};

#[derive(SpacetimeType)]
pub struct Caller {
    identity: Identity,
    connection: Option<ConnectionId>,
    database: Identity,
    timestamp: Timestamp,
    /// The same, as its transactions see it.
    identity_in_transaction: Identity,
    connection_in_transaction: Option<ConnectionId>,
    is_internal: bool,
    subject: Option<String>,
}

#[procedure]
fn who_am_i(ctx: &mut ProcedureContext) -> Caller {
    let (identity, connection, database, timestamp) =
        (ctx.sender(), ctx.connection_id(), ctx.database_identity(), ctx.timestamp);
    ctx.with_tx(|tx| Caller {
        identity,
        connection,
        database,
        timestamp,
        identity_in_transaction: tx.sender(),
        connection_in_transaction: tx.connection_id(),
        is_internal: tx.sender_auth().is_internal(),
        subject: tx.sender_auth().jwt().map(|claims| claims.subject().to_string()),
    })
}

#[procedure]
fn roll_dice(ctx: &mut ProcedureContext, count: u32) -> Vec<u8> {
    (0..count).map(|_| ctx.rng().gen_range(1..=6)).collect()
}

#[procedure]
fn make_uuids(ctx: &mut ProcedureContext) -> Result<Vec<Uuid>, String> {
    let uuids = [ctx.new_uuid_v4(), ctx.new_uuid_v7(), ctx.new_uuid_v7()];
    uuids.into_iter().map(|uuid| uuid.map_err(|error| error.to_string())).collect()
}
