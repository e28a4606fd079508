//! Views that return a query instead of rows: the database evaluates it, with the owner's rights.

use spacetimedb::{view, AnonymousViewContext, Query, RawQuery, ViewContext};

use crate::{player__query, score__query, team__query, Player, Score, Team};

/// A whole table.
#[view(accessor = all_teams, public)]
fn all_teams(ctx: &AnonymousViewContext) -> impl Query<Team> {
    ctx.from.team()
}

#[view(accessor = veterans, public)]
fn veterans(ctx: &AnonymousViewContext) -> impl Query<Player> {
    ctx.from.player().filter(|player| player.level.gte(50u32)).filter(|player| player.is_online)
}

/// Every comparison, `and`, `or`, and a literal that has to be quoted.
#[view(accessor = odd_scores, public)]
fn odd_scores(ctx: &AnonymousViewContext) -> RawQuery<Score> {
    ctx.from
        .score()
        .r#where(|score| score.game.eq("it's odd".to_string()).or(score.game.eq("very odd".to_string())))
        .r#where(|score| score.points.gt(-5).and(score.points.lte(5)).and(score.points.ne(0)))
        .r#where(|score| score.points.lt(4).or(score.points.gte(5)))
        .build()
}

/// The caller stands in the query as a literal.
#[view(accessor = my_player_by_query, public)]
fn my_player_by_query(ctx: &ViewContext) -> impl Query<Player> {
    ctx.from.player().filter(|player| player.identity.eq(ctx.sender()))
}

/// Left semijoin: the open teams, once for each player that they have.
#[view(accessor = teams_by_players, public)]
fn teams_by_players(ctx: &AnonymousViewContext) -> impl Query<Team> {
    let teams = ctx.from.team().left_semijoin(ctx.from.player(), |team, player| team.id.eq(player.team_id));
    teams.r#where(|team| team.is_open)
}

/// Right semijoin with a filter on each side: the good scores of the veterans.
#[view(accessor = scores_of_veterans, public)]
fn scores_of_veterans(ctx: &AnonymousViewContext) -> impl Query<Score> {
    let veterans = ctx.from.player().filter(|player| player.level.gte(50u32));
    let scores = veterans.right_semijoin(ctx.from.score(), |player, score| player.id.eq(score.player_id));
    scores.filter(|score| score.points.gt(0))
}

/// A query chosen by what the caller's context says.
#[view(accessor = teams_or_open_teams, public)]
fn teams_or_open_teams(ctx: &ViewContext) -> RawQuery<Team> {
    use crate::player__view;
    let is_player = ctx.db.player().identity().find(ctx.sender()).is_some();
    if is_player {
        ctx.from.team().build()
    } else {
        ctx.from.team().filter(|team| team.is_open).build()
    }
}

/// The query builder knows `NOT`, which the database's SQL does not: whoever looks at this learns that.
#[view(accessor = not_red, public)]
fn not_red(ctx: &AnonymousViewContext) -> impl Query<Team> {
    ctx.from.team().filter(|team| team.name.eq("red".to_string()).not())
}
