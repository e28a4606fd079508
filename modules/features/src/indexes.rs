//! Primary key, auto-increment, unique columns, and indexes of each kind over one and several columns.

use spacetimedb::{Identity, ReducerContext, Table};

use crate::expect;
use crate::types::Color;

#[spacetimedb::table(
    accessor = item,
    public,
    index(accessor = by_color_and_score, btree(columns = [color, score])),
    index(accessor = by_owner_and_color, hash(columns = [owner, color])),
)]
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    #[primary_key]
    #[auto_inc]
    pub id: u64,
    #[unique]
    pub name: String,
    #[unique]
    #[index(direct)]
    pub slot: u32,
    #[index(btree)]
    pub score: i32,
    #[index(hash)]
    pub owner: Identity,
    pub color: Color,
}

/// The caller's new item; `Err` if the name or the slot is taken.
#[spacetimedb::reducer]
pub fn add_item(ctx: &ReducerContext, name: String, slot: u32, score: i32, color: Color) -> Result<(), String> {
    try_add(ctx, name, slot, score, color).map(|_| ())
}

pub fn try_add(ctx: &ReducerContext, name: String, slot: u32, score: i32, color: Color) -> Result<Item, String> {
    let item = Item { id: 0, name, slot, score, owner: ctx.sender(), color };
    let refusal = format!("there is an item {} or one in slot {slot}", item.name);
    ctx.db.item().try_insert(item).map_err(|_| refusal)
}

#[spacetimedb::reducer]
pub fn score_item(ctx: &ReducerContext, name: String, score: i32) -> Result<(), String> {
    let item = ctx.db.item().name().find(&name).ok_or_else(|| format!("there is no item {name}"))?;
    ctx.db.item().id().update(Item { score, ..item });
    Ok(())
}

#[spacetimedb::reducer]
pub fn remove_item(ctx: &ReducerContext, name: String) -> Result<(), String> {
    let is_removed = ctx.db.item().name().delete(&name);
    is_removed.then_some(()).ok_or_else(|| format!("there is no item {name}"))
}

#[spacetimedb::reducer]
pub fn clear_items(ctx: &ReducerContext) {
    ctx.db.item().clear();
}

/// Replaces all items by six, named `a` to `f`, and looks them up in every way.
#[spacetimedb::reducer]
pub fn check_indexes(ctx: &ReducerContext) -> Result<(), String> {
    use Color::{Blue, Green, Red};
    let items = ctx.db.item();
    clear_items(ctx);
    expect(items.count() == 0, "a cleared table is empty")?;
    for (name, slot, score, color) in
        [("a", 1, 10, Red), ("b", 2, -5, Red), ("c", 3, 10, Green), ("d", 40, 0, Blue), ("e", 500, 99, Red)]
    {
        let added = try_add(ctx, name.to_string(), slot, score, color)?;
        expect(added.id > 0, "an insert gives a new id")?;
        expect(items.id().find(added.id) == Some(added), "an item is found by its id")?;
    }
    items.insert(Item { id: 0, name: "f".to_string(), slot: 6, score: i32::MAX, owner: Identity::ZERO, color: Red });
    expect(items.count() == 6 && items.iter().count() == 6, "there are six items")?;

    expect(try_add(ctx, "a".to_string(), 7, 0, Red).is_err(), "a second name is refused")?;
    expect(try_add(ctx, "g".to_string(), 1, 0, Red).is_err(), "a second slot is refused")?;
    expect(items.count() == 6, "what is refused leaves nothing")?;

    expect(items.name().find("c".to_string()).is_some_and(|item| item.slot == 3), "unique, found")?;
    expect(items.name().find("z".to_string()).is_none(), "unique, not found")?;
    expect(items.slot().find(500).is_some_and(|item| item.name == "e"), "direct, found")?;
    expect(items.slot().find(499).is_none(), "direct, not found")?;

    expect(names(items.score().filter(10)) == "ac", "B-tree, a point")?;
    expect(names(items.score().filter(..10)) == "bd", "B-tree, a range without a start")?;
    expect(names(items.score().filter(..=10)) == "abcd", "B-tree, a range with its end")?;
    expect(names(items.score().filter(10..)) == "acef", "B-tree, a range without an end")?;
    expect(names(items.score().filter(-5..10)) == "bd", "B-tree, a range without its end")?;
    expect(names(items.score().filter(-5..=10)) == "abcd", "B-tree, a closed range")?;
    expect(names(items.score().filter(11..99)).is_empty(), "B-tree, an empty range")?;
    let by_score: Vec<i32> = items.score().filter(i32::MIN..).map(|item| item.score).collect();
    expect(by_score.is_sorted(), "a B-tree gives its rows in order")?;

    let by_color_and_score = items.by_color_and_score();
    expect(names(by_color_and_score.filter(Red)) == "abef", "two columns, the first")?;
    expect(names(by_color_and_score.filter(Green..)) == "cd", "two columns, a range of the first")?;
    expect(names(by_color_and_score.filter((Red, 10))) == "a", "two columns, a point")?;
    expect(names(by_color_and_score.filter((Red, 0..))) == "aef", "two columns, a range behind a prefix")?;
    expect(names(by_color_and_score.filter((Red, ..=10))) == "ab", "two columns, a range up to its end")?;

    expect(names(items.owner().filter(ctx.sender())) == "abcde", "hash, a point")?;
    expect(names(items.owner().filter(Identity::ZERO)) == "f", "hash, another point")?;
    expect(names(items.by_owner_and_color().filter((ctx.sender(), Red))) == "abe", "hash of two columns")?;

    check_changes(ctx)
}

/// Leaves the items `a` (of score 11), `c`, `d` and `f`.
fn check_changes(ctx: &ReducerContext) -> Result<(), String> {
    let items = ctx.db.item();
    let a = items.name().find("a".to_string()).ok_or("a is gone")?;
    let renamed = items.id().update(Item { name: "x".to_string(), score: 11, ..a.clone() });
    expect(renamed.id == a.id && renamed.name == "x", "an update by id")?;
    expect(items.name().find("a".to_string()).is_none(), "the old name is free")?;
    items.id().update(Item { name: "a".to_string(), ..renamed });
    expect(names(items.score().filter(11)) == "a", "an update moves the row in its indexes")?;

    expect(items.score().delete(-5) == 1, "a point deleted by a B-tree")?;
    expect(items.by_color_and_score().delete((Color::Red, 12..100)) == 1, "a range deleted behind a prefix")?;
    expect(!items.slot().delete(500), "what is gone is not deleted again")?;
    expect(items.owner().delete(Identity::ONE) == 0, "a point without rows")?;
    expect(names(items.iter()) == "acdf", "what is left")
}

/// The names in alphabetical order, as one text.
fn names(items: impl Iterator<Item = Item>) -> String {
    let mut names: Vec<String> = items.map(|item| item.name).collect();
    names.sort();
    names.concat()
}
