//! A guest book: whoever signs it is kept, and greeted in the log.

use spacetimedb::{Identity, ReducerContext, Table, Timestamp};

/// Everybody can read a public table, and subscribe to it.
#[spacetimedb::table(accessor = guest, public)]
pub struct Guest {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    name: String,
    signed_by: Identity,
    signed_at: Timestamp,
}

/// Clients change tables through reducers alone. Each call is a transaction: on `Err` nothing of it stays.
#[spacetimedb::reducer]
pub fn sign(ctx: &ReducerContext, name: String) -> Result<(), String> {
    let name = name.trim().to_string();
    if name.is_empty() {
        return Err("a guest has a name".to_string());
    }
    if ctx.db.guest().name().find(&name).is_some() {
        return Err(format!("{name} has signed already"));
    }
    log::info!("Welcome, {name}!");
    ctx.db.guest().insert(Guest { id: 0, name, signed_by: ctx.sender(), signed_at: ctx.timestamp });
    Ok(())
}

#[spacetimedb::reducer]
pub fn greet_all(ctx: &ReducerContext) {
    for guest in ctx.db.guest().iter() {
        log::info!("Hello, {}!", guest.name);
    }
}
