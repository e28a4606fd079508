//! Views that show each caller something else.

use spacetimedb::{view, Identity, SpacetimeType, ViewContext};

use crate::{player__view, score__view, Name, Player, Score};

#[derive(SpacetimeType)]
pub struct Me {
    identity: Identity,
}

/// A point of a unique index: depends on one row.
#[view(accessor = my_player, public)]
pub fn find_own_player(ctx: &ViewContext) -> Option<Player> {
    ctx.db.player().identity().find(ctx.sender())
}

/// Two reads, of which the second depends on the first.
#[view(accessor = my_scores, public, primary_key = "id")]
fn my_scores(ctx: &ViewContext) -> Vec<Score> {
    let player = find_own_player(ctx);
    player.into_iter().flat_map(|player| ctx.db.score().player_id().filter(player.id)).collect()
}

/// The others in the caller's team.
#[view(accessor = my_team_mates, public)]
fn my_team_mates(ctx: &ViewContext) -> Vec<Name> {
    let player = find_own_player(ctx);
    let mates = player.iter().flat_map(|player| ctx.db.player().team_id().filter(player.team_id));
    mates.filter(|mate| mate.identity != ctx.sender()).map(|mate| Name { name: mate.name }).collect()
}

/// Reads nothing but the caller.
#[view(accessor = me, public)]
fn me(ctx: &ViewContext) -> Option<Me> {
    Some(Me { identity: ctx.sender() })
}
