//! A chat room: everybody who is connected sees every message, and may choose a name.

use spacetimedb::{Identity, ReducerContext, Table, Timestamp};

const MAX_NAME_CHARS: usize = 32;
const MAX_TEXT_CHARS: usize = 1000;

/// Everybody who has ever connected.
#[spacetimedb::table(accessor = user, public)]
pub struct User {
    #[primary_key]
    identity: Identity,
    name: Option<String>,
    online: bool,
}

#[spacetimedb::table(accessor = message, public)]
pub struct Message {
    sender: Identity,
    sent: Timestamp,
    text: String,
}

#[spacetimedb::reducer]
pub fn set_name(ctx: &ReducerContext, name: String) -> Result<(), String> {
    let name = checked_text(&name, "a name", MAX_NAME_CHARS)?;
    let user = caller(ctx)?;
    ctx.db.user().identity().update(User { name: Some(name), ..user });
    Ok(())
}

#[spacetimedb::reducer]
pub fn send_message(ctx: &ReducerContext, text: String) -> Result<(), String> {
    let text = checked_text(&text, "a message", MAX_TEXT_CHARS)?;
    log::info!("{}: {text}", ctx.sender());
    ctx.db.message().insert(Message {
        sender: ctx.sender(),
        sent: ctx.timestamp,
        text,
    });
    Ok(())
}

#[spacetimedb::reducer(init)]
pub fn init(_ctx: &ReducerContext) {
    log::info!("the chat room is open");
}

#[spacetimedb::reducer(client_connected)]
pub fn client_connected(ctx: &ReducerContext) {
    let users = ctx.db.user();
    match users.identity().find(ctx.sender()) {
        Some(user) => {
            users.identity().update(User { online: true, ..user });
        }
        None => {
            users.insert(User {
                identity: ctx.sender(),
                name: None,
                online: true,
            });
        }
    }
}

#[spacetimedb::reducer(client_disconnected)]
pub fn client_disconnected(ctx: &ReducerContext) {
    match ctx.db.user().identity().find(ctx.sender()) {
        Some(user) => {
            ctx.db.user().identity().update(User { online: false, ..user });
        }
        None => log::warn!("{} left without ever having come", ctx.sender()),
    }
}

fn caller(ctx: &ReducerContext) -> Result<User, String> {
    let user = ctx.db.user().identity().find(ctx.sender());
    user.ok_or_else(|| "only somebody who has connected once can have a name".to_string())
}

/// The text without white space at its ends, or why it cannot be used.
fn checked_text(text: &str, what: &str, max_chars: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{what} must not be empty"));
    }
    if text.chars().count() > max_chars {
        return Err(format!("{what} has at most {max_chars} characters"));
    }
    Ok(text.to_string())
}
