//! Views that are the same for everybody: evaluated once, whoever looks.

use spacetimedb::{view, AnonymousViewContext, SpacetimeType};

use crate::{player__view, score__view, team__view, Name, Player, Score};

const GAME: &str = "chess";

#[derive(SpacetimeType)]
pub struct PlayerCount {
    pub players: u64,
    teams: u64,
}

/// Counts: depends on two whole tables.
#[view(accessor = player_count, public)]
pub fn count_players(ctx: &AnonymousViewContext) -> Option<PlayerCount> {
    Some(PlayerCount { players: ctx.db.player().count(), teams: ctx.db.team().count() })
}

/// A range without ends reads all rows.
#[view(accessor = all_names, public)]
fn all_names(ctx: &AnonymousViewContext) -> Vec<Name> {
    ctx.db.player().level().filter(0u32..).map(|player| Name { name: player.name }).collect()
}

/// A range of an index.
#[view(accessor = beginners, public)]
fn beginners(ctx: &AnonymousViewContext) -> Vec<Player> {
    ctx.db.player().level().filter(..10u32).collect()
}

/// A range behind a prefix; `primary_key` lets clients see a changed row as an update.
#[view(accessor = high_scores, public, primary_key = id)]
fn high_scores(ctx: &AnonymousViewContext) -> Vec<Score> {
    ctx.db.score().by_game_and_points().filter((GAME, 100i32..)).collect()
}

/// Points of a hash index.
#[view(accessor = red_team, public)]
fn red_team(ctx: &AnonymousViewContext) -> Vec<Name> {
    let team = ctx.db.team().name().find("red".to_string());
    team.into_iter()
        .flat_map(|team| ctx.db.player().team_id().filter(team.id))
        .map(|player| Name { name: player.name })
        .collect()
}

/// A join by hand, of all players with their teams; the same row twice is one row.
#[view(accessor = teams_with_players, public)]
fn teams_with_players(ctx: &AnonymousViewContext) -> Vec<Name> {
    let players = ctx.db.player().level().filter(0u32..);
    players.filter_map(|player| ctx.db.team().id().find(player.team_id)).map(|team| Name { name: team.name }).collect()
}

/// Nothing, whatever there is to read.
#[view(accessor = nobody, public)]
fn nobody(_ctx: &AnonymousViewContext) -> Option<Player> {
    None
}

/// Known to clients by another name than to the module.
#[view(accessor = strongest, name = "strongest_player", public)]
fn strongest(ctx: &AnonymousViewContext) -> Option<Player> {
    ctx.db.player().level().filter(0u32..).max_by_key(|player| player.level)
}

/// Cannot bear a player called "panic": whoever joins under that name while somebody looks, fails.
#[view(accessor = fragile, public)]
fn fragile(ctx: &AnonymousViewContext) -> Vec<Name> {
    let names = all_names(ctx);
    assert!(names.iter().all(|row| row.name != "panic"), "somebody is called panic");
    names
}
