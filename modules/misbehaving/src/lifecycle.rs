//! Lifecycle reducers that fail for those who ask for it, by a row with their identity.

use spacetimedb::{Identity, ReducerContext, Table};

#[spacetimedb::table(accessor = trouble, public)]
pub struct Trouble {
    #[primary_key]
    identity: Identity,
    when_connecting: bool,
    when_leaving: bool,
    with_panic: bool,
}

#[spacetimedb::table(accessor = visit, public)]
pub struct Visit {
    #[primary_key]
    #[auto_inc]
    id: u64,
    identity: Identity,
    is_arrival: bool,
}

#[spacetimedb::reducer]
pub fn ask_for_trouble(
    ctx: &ReducerContext,
    identity: Identity,
    when_connecting: bool,
    when_leaving: bool,
    with_panic: bool,
) {
    ctx.db.trouble().identity().delete(identity);
    ctx.db.trouble().insert(Trouble { identity, when_connecting, when_leaving, with_panic });
}

#[spacetimedb::reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) -> Result<(), String> {
    ctx.db.visit().insert(Visit { id: 0, identity: ctx.sender(), is_arrival: true });
    make_trouble(ctx, |trouble| trouble.when_connecting, "you cannot come in")
}

#[spacetimedb::reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) -> Result<(), String> {
    ctx.db.visit().insert(Visit { id: 0, identity: ctx.sender(), is_arrival: false });
    make_trouble(ctx, |trouble| trouble.when_leaving, "you cannot leave")
}

fn make_trouble(ctx: &ReducerContext, is_meant: fn(&Trouble) -> bool, message: &str) -> Result<(), String> {
    match ctx.db.trouble().identity().find(ctx.sender()) {
        Some(trouble) if is_meant(&trouble) && trouble.with_panic => panic!("{message}"),
        Some(trouble) if is_meant(&trouble) => Err(message.to_string()),
        _ => Ok(()),
    }
}
