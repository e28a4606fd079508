//! What tests need a real module for: failures of every kind, every column type, every kind of index, and what a
//! reducer can learn about its caller. Reducers that find something out put it into the table `answer`.

mod caller;
mod column_types;
mod failures;
mod indexes;
mod logs;
mod sequences;

use spacetimedb::{ReducerContext, Table};

/// The latest answer of each reducer that finds something out.
#[spacetimedb::table(accessor = answer, public)]
pub struct Answer {
    #[primary_key]
    question: String,
    text: String,
}

/// Private: only the owner can read it.
#[spacetimedb::table(accessor = secret)]
pub struct Secret {
    #[primary_key]
    id: u32,
    text: String,
}

/// An event table: its rows reach subscribers and are gone.
#[spacetimedb::table(accessor = notice, public, event)]
pub struct Notice {
    text: String,
}

#[spacetimedb::reducer]
pub fn keep_secret(ctx: &ReducerContext, id: u32, text: String) {
    ctx.db.secret().insert(Secret { id, text });
}

#[spacetimedb::reducer]
pub fn notify(ctx: &ReducerContext, text: String) {
    ctx.db.notice().insert(Notice { text });
}

fn answer(ctx: &ReducerContext, question: &str, text: String) {
    ctx.db.answer().question().delete(question.to_string());
    ctx.db.answer().insert(Answer { question: question.to_string(), text });
}
