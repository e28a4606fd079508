//! Every type and feature that a module can use, written in the same way in Rust, C++ and AssemblyScript. Reducers
//! called `check_…` look for themselves whether what they did is what they find; all end with `Err` if it is not. What a
//! function finds out is in the table `answer`.

mod access;
mod context;
mod failures;
mod handlers;
mod indexes;
mod names;
mod procedures;
mod tables;
mod timers;
mod types;
mod views;

use spacetimedb::ReducerContext;

/// The latest answer to each question.
#[spacetimedb::table(accessor = answer, public)]
pub struct Answer {
    #[primary_key]
    question: String,
    text: String,
}

fn answer(ctx: &ReducerContext, question: &str, text: impl ToString) {
    let (question, text) = (question.to_string(), text.to_string());
    ctx.db.answer().question().insert_or_update(Answer { question, text });
}

/// `Err` with the claim, unless it is true.
fn expect(is_true: bool, claim: &str) -> Result<(), String> {
    is_true.then_some(()).ok_or_else(|| format!("not true: {claim}"))
}
