//! Program B of the HTTP vectors: remembers who came and who left. It shares nothing with program A.

use spacetimedb::{Identity, ReducerContext, Table};

#[spacetimedb::table(accessor = connected, public)]
pub struct Connected {
    identity: Identity,
}

#[spacetimedb::table(accessor = disconnected, public)]
pub struct Disconnected {
    identity: Identity,
}

#[spacetimedb::reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) {
    ctx.db.connected().insert(Connected { identity: ctx.sender() });
}

#[spacetimedb::reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) {
    ctx.db.disconnected().insert(Disconnected { identity: ctx.sender() });
}
