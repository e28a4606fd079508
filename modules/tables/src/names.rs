//! Names: what the module calls things, and what clients do. What is not said is put into snake case.
#![allow(non_snake_case)]

use spacetimedb::{ReducerContext, SpacetimeType, Table};

/// The table and one of its indexes have explicit names; columns follow the policy.
#[spacetimedb::table(
    accessor = HighScores,
    name = "best_scores",
    public,
    index(accessor = byPoints, name = "scores_in_order", btree(columns = [totalPoints])),
)]
pub struct HighScoreRow {
    #[primary_key]
    #[auto_inc]
    rowId: u64,
    #[unique]
    playerName: String,
    totalPoints: u32,
    bestLevel2D: DifficultyLevel,
}

#[derive(SpacetimeType, Clone, Copy)]
#[sats(name = "Difficulty")]
pub enum DifficultyLevel {
    Easy,
    VeryHard,
}

#[spacetimedb::reducer(name = "record_score")]
pub fn addHighScore(ctx: &ReducerContext, playerName: String, totalPoints: u32) {
    let bestLevel2D = if totalPoints > 100 { DifficultyLevel::VeryHard } else { DifficultyLevel::Easy };
    ctx.db.HighScores().insert(HighScoreRow { rowId: 0, playerName, totalPoints, bestLevel2D });
}

#[spacetimedb::reducer]
pub fn countHighScoresFrom(ctx: &ReducerContext, leastPoints: u32) {
    crate::answer(ctx, "count_high_scores_from", ctx.db.HighScores().byPoints().filter(leastPoints..).count());
}

/// One row type for two tables, which are as separate as any.
#[spacetimedb::table(accessor = inbox, public)]
#[spacetimedb::table(accessor = outbox, private)]
pub struct Letter {
    #[primary_key]
    id: u32,
    text: String,
}

#[spacetimedb::reducer]
pub fn write_letter(ctx: &ReducerContext, id: u32, text: String) {
    ctx.db.outbox().insert(Letter { id, text });
}

#[spacetimedb::reducer]
pub fn deliver_letters(ctx: &ReducerContext) {
    for letter in ctx.db.outbox().iter() {
        ctx.db.inbox().id().insert_or_update(letter);
    }
    ctx.db.outbox().clear();
}
