//! Everything that the crate can say about tables. Reducers that find something out put it into the table `answer`.

mod changes;
mod counters;
mod event_tables;
mod index_checks;
mod indexes;
mod names;
mod types;

use spacetimedb::ReducerContext;

/// The latest answer of each reducer that finds something out.
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
