//! Views: read-only functions whose results clients query and subscribe to like tables. All tables here are private,
//! so that a client sees what the views show and nothing else.

mod anonymous;
mod per_caller;
mod queries;

use spacetimedb::{Identity, ReducerContext, SpacetimeType, Table};

#[spacetimedb::table(accessor = player)]
#[derive(Clone)]
pub struct Player {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    identity: Identity,
    #[unique]
    name: String,
    #[index(btree)]
    level: u32,
    #[index(hash)]
    team_id: u32,
    is_online: bool,
}

#[spacetimedb::table(accessor = team)]
#[derive(Clone)]
pub struct Team {
    #[primary_key]
    id: u32,
    #[unique]
    name: String,
    #[index(btree)]
    is_open: bool,
}

#[spacetimedb::table(accessor = score, index(accessor = by_game_and_points, btree(columns = [game, points])))]
#[derive(Clone)]
pub struct Score {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    player_id: u64,
    game: String,
    points: i32,
}

/// A view's rows need not be those of a table.
#[derive(SpacetimeType)]
pub struct Name {
    name: String,
}

#[spacetimedb::reducer]
pub fn put_team(ctx: &ReducerContext, id: u32, name: String, is_open: bool) {
    let teams = ctx.db.team();
    if teams.id().find(id).is_some() {
        teams.id().update(Team { id, name, is_open });
    } else {
        teams.insert(Team { id, name, is_open });
    }
}

/// The caller plays from now on, or changes name, level and team.
#[spacetimedb::reducer]
pub fn join(ctx: &ReducerContext, name: String, level: u32, team_id: u32) {
    put_player(ctx, ctx.sender(), name, level, team_id);
}

/// As `join`, for somebody else.
#[spacetimedb::reducer]
pub fn put_player(ctx: &ReducerContext, identity: Identity, name: String, level: u32, team_id: u32) {
    let players = ctx.db.player();
    match players.identity().find(identity) {
        Some(player) => {
            players.id().update(Player { name, level, team_id, ..player });
        }
        None => {
            players.insert(Player { id: 0, identity, name, level, team_id, is_online: true });
        }
    }
}

#[spacetimedb::reducer]
pub fn leave(ctx: &ReducerContext) {
    ctx.db.player().identity().delete(ctx.sender());
}

#[spacetimedb::reducer]
pub fn add_score(ctx: &ReducerContext, game: String, points: i32) -> Result<(), String> {
    let player = ctx.db.player().identity().find(ctx.sender()).ok_or("only players score")?;
    ctx.db.score().insert(Score { id: 0, player_id: player.id, game, points });
    Ok(())
}

#[spacetimedb::reducer]
pub fn clear_scores(ctx: &ReducerContext, game: String) {
    ctx.db.score().by_game_and_points().delete(&game);
}

/// Changes what views read, then fails: no client may see any of it.
#[spacetimedb::reducer]
pub fn join_and_fail(ctx: &ReducerContext, name: String) -> Result<(), String> {
    join(ctx, name, 99, 1);
    Err("changed my mind".to_string())
}

/// A reducer may ask what a view would show: `player_count`, then the caller's own name.
#[spacetimedb::reducer]
pub fn look_at_views(ctx: &ReducerContext) {
    let count = anonymous::count_players(&ctx.as_anonymous_read_only());
    let own = per_caller::find_own_player(&ctx.as_read_only());
    log::info!(
        "{} players, you are {}",
        count.map_or(0, |row| row.players),
        own.map_or("nobody".to_string(), |row| row.name)
    );
}
