//! Every kind of index, used through the crate: point, range and prefix look-ups, deletes and updates.

use spacetimedb::{Identity, ReducerContext, SpacetimeType, Table};

use crate::answer;

#[derive(SpacetimeType, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Tool,
    Food,
}

#[spacetimedb::table(
    accessor = item,
    public,
    index(accessor = by_price, btree(columns = [price])),
    index(accessor = by_shelf_and_name, btree(columns = [shelf, name])),
    index(accessor = by_shelf_price_name, btree(columns = [shelf, price, name])),
    index(accessor = by_owner, hash(columns = [owner])),
    index(accessor = by_name_and_owner, hash(columns = [name, owner])),
)]
#[derive(Clone)]
pub struct Item {
    #[primary_key]
    id: u32,
    #[unique]
    #[index(direct)]
    slot: u16,
    shelf: u8,
    price: i64,
    name: String,
    owner: Identity,
    kind: Kind,
}

/// A table whose unique columns have the other index kinds.
#[spacetimedb::table(accessor = badge, public)]
pub struct Badge {
    #[primary_key]
    #[index(hash)]
    code: String,
    #[unique]
    #[index(direct)]
    number: u8,
}

#[spacetimedb::reducer]
pub fn put_item(ctx: &ReducerContext, id: u32, shelf: u8, price: i64, name: String) {
    let kind = if id.is_multiple_of(2) { Kind::Tool } else { Kind::Food };
    let item = Item { id, slot: id as u16, shelf, price, name, owner: ctx.sender(), kind };
    if ctx.db.item().id().find(id).is_some() {
        ctx.db.item().id().update(item);
    } else {
        ctx.db.item().insert(item);
    }
}

/// Replaces all items by `count` ones: id = slot = n, shelf = n mod 4, price = n mod 10 − 5, name = "item n mod 7".
#[spacetimedb::reducer]
pub fn fill_items(ctx: &ReducerContext, count: u32) {
    ctx.db.item().clear();
    for id in 0..count {
        put_item(ctx, id, (id % 4) as u8, i64::from(id % 10) - 5, format!("item {}", id % 7));
    }
}

#[spacetimedb::reducer]
pub fn find_items_by_price(ctx: &ReducerContext, from: i64, to: i64) {
    let items = ctx.db.item();
    let text = [
        ids(items.by_price().filter(from)),
        ids(items.by_price().filter(from..to)),
        ids(items.by_price().filter(from..=to)),
        ids(items.by_price().filter(from..)),
        ids(items.by_price().filter(..to)),
    ];
    answer(ctx, "find_items_by_price", text.join("|"));
}

#[spacetimedb::reducer]
pub fn find_items_by_shelf(ctx: &ReducerContext, shelf: u8, from: String, to: String) {
    let by_shelf_and_name = ctx.db.item().by_shelf_and_name();
    let text = [
        ids(by_shelf_and_name.filter(shelf)),
        ids(by_shelf_and_name.filter((shelf, &from))),
        ids(by_shelf_and_name.filter((shelf, &from..&to))),
        ids(by_shelf_and_name.filter((shelf, &from..))),
        ids(ctx.db.item().by_shelf_price_name().filter((shelf, -2i64..3i64))),
        ids(ctx.db.item().by_shelf_price_name().filter((shelf, 0i64, &from..=&to))),
    ];
    answer(ctx, "find_items_by_shelf", text.join("|"));
}

#[spacetimedb::reducer]
pub fn find_items_by_hash(ctx: &ReducerContext, name: String, slot: u16) {
    let items = ctx.db.item();
    let text = [
        ids(items.by_owner().filter(ctx.sender())),
        ids(items.by_name_and_owner().filter((&name, ctx.sender()))),
        ids(items.slot().find(slot).into_iter()),
    ];
    answer(ctx, "find_items_by_hash", text.join("|"));
}

/// What a transaction sees of its own changes, and what is left after them.
#[spacetimedb::reducer]
pub fn change_items(ctx: &ReducerContext) {
    let items = ctx.db.item();
    let deleted = items.by_price().delete(2i64..);
    let cheaper: Vec<Item> = items.by_price().filter(0i64..2).collect();
    for item in &cheaper {
        items.id().update(Item { price: item.price - 100, ..item.clone() });
    }
    let removed = items.iter().filter(|item| item.kind == Kind::Food).take(1).all(|item| items.delete(item));
    let text = format!("{deleted} {} {removed} {}", cheaper.len(), items.count());
    answer(ctx, "change_items", text);
}

#[spacetimedb::reducer]
pub fn put_badge(ctx: &ReducerContext, code: String, number: u8) {
    match ctx.db.badge().code().find(&code) {
        Some(_) => {
            ctx.db.badge().code().update(Badge { code, number });
        }
        None => {
            ctx.db.badge().insert(Badge { code, number });
        }
    }
}

#[spacetimedb::reducer]
pub fn remove_badge(ctx: &ReducerContext, number: u8) {
    let text = ctx.db.badge().number().find(number).map_or("none".to_string(), |badge| badge.code);
    ctx.db.badge().number().delete(number);
    answer(ctx, "remove_badge", text);
}

/// The order of equal keys is the host's own matter, so the ids are sorted.
fn ids(items: impl Iterator<Item = Item>) -> String {
    let mut ids: Vec<u32> = items.map(|item| item.id).collect();
    ids.sort();
    ids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
