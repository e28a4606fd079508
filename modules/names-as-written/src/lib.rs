//! A module whose names reach clients as they are written here, instead of in snake case.
#![allow(non_snake_case)]

use spacetimedb::{
    view, AnonymousViewContext, CaseConversionPolicy, ProcedureContext, ReducerContext, SpacetimeType, Table,
};

#[spacetimedb::settings]
const CASE_CONVERSION_POLICY: CaseConversionPolicy = CaseConversionPolicy::None;

#[derive(SpacetimeType, Clone, Copy)]
pub enum OpeningMove {
    E4,
    QueensGambit,
}

#[spacetimedb::table(accessor = ChessGames, public, index(accessor = byWhitePlayer, btree(columns = [whitePlayer])))]
#[derive(Clone)]
pub struct ChessGame {
    #[primary_key]
    #[auto_inc]
    gameId: u64,
    whitePlayer: String,
    blackPlayer2: String,
    opening: OpeningMove,
}

#[spacetimedb::reducer]
pub fn startGame(ctx: &ReducerContext, whitePlayer: String, blackPlayer2: String, opening: OpeningMove) {
    ctx.db.ChessGames().insert(ChessGame { gameId: 0, whitePlayer, blackPlayer2, opening });
}

#[view(accessor = gamesOfAnn, public)]
fn gamesOfAnn(ctx: &AnonymousViewContext) -> Vec<ChessGame> {
    ctx.db.ChessGames().byWhitePlayer().filter("Ann").collect()
}

#[spacetimedb::procedure]
fn countGames(ctx: &mut ProcedureContext) -> u64 {
    ctx.with_tx(|tx| tx.db.ChessGames().count())
}
