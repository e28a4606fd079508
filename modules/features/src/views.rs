//! Views: for everybody and for each caller, with rows and with queries as results.

use spacetimedb::{view, AnonymousViewContext, Query, SpacetimeType, ViewContext};

use crate::indexes::{item__query, item__view, Item};
use crate::types::Color;

/// A view's rows need not be those of a table.
#[derive(SpacetimeType)]
pub struct ColorCount {
    color: Color,
    count: u32,
}

/// The caller's items.
#[view(accessor = my_items, public, primary_key = id)]
fn my_items(ctx: &ViewContext) -> Vec<Item> {
    ctx.db.item().owner().filter(ctx.sender()).collect()
}

/// The item in slot 1, if there is one. Clients know this view by another name than the module.
#[view(accessor = first_item, name = "given_view", public)]
fn first_item(ctx: &AnonymousViewContext) -> Option<Item> {
    ctx.db.item().slot().find(1)
}

#[view(accessor = color_counts, public)]
fn color_counts(ctx: &AnonymousViewContext) -> Vec<ColorCount> {
    let count_of = |color| ctx.db.item().by_color_and_score().filter(color).count() as u32;
    [Color::Red, Color::Green, Color::Blue].map(|color| ColorCount { color, count: count_of(color) }).into()
}

/// A query: the database evaluates it and keeps it up to date.
#[view(accessor = good_items, public)]
fn good_items(ctx: &AnonymousViewContext) -> impl Query<Item> {
    ctx.from.item().filter(|item| item.score.gte(10))
}

/// A query with the caller as a literal.
#[view(accessor = my_good_items, public)]
fn my_good_items(ctx: &ViewContext) -> impl Query<Item> {
    ctx.from.item().filter(|item| item.owner.eq(ctx.sender())).filter(|item| item.score.gte(10))
}
