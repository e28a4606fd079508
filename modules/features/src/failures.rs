//! Reducers that fail: whatever they did is undone.

use spacetimedb::{ReducerContext, Table};

use crate::tables::{secret, word, Secret, Word};

/// The caller reads the message.
#[spacetimedb::reducer]
pub fn fail(_ctx: &ReducerContext, message: String) -> Result<(), String> {
    Err(message)
}

#[spacetimedb::reducer]
pub fn insert_and_fail(ctx: &ReducerContext, text: String) -> Result<(), String> {
    ctx.db.word().insert(Word::new(text));
    Err("the word is not meant".to_string())
}

#[spacetimedb::reducer]
pub fn insert_and_panic(ctx: &ReducerContext, text: String) {
    ctx.db.word().insert(Word::new(text));
    panic!("the word is too much");
}

/// A violation that nobody handles is a panic, too.
#[spacetimedb::reducer]
pub fn insert_twice(ctx: &ReducerContext, id: u32) {
    for text in ["first", "second"] {
        ctx.db.secret().insert(Secret { id, text: text.to_string() });
    }
}
