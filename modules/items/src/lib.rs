//! A table of small rows and what one reducer does with very many of them: the module of `bench:table`.

use spacetimedb::{ReducerContext, Table};

#[spacetimedb::table(accessor = item, public)]
pub struct Item {
    #[primary_key]
    id: u64,
    a: u32,
    b: u32,
}

/// Inserts the items `first`, `first + 1`, …
#[spacetimedb::reducer]
pub fn insert_items(ctx: &ReducerContext, first: u64, count: u64) {
    for id in first..first + count {
        ctx.db.item().insert(Item { id, a: id as u32, b: 0 });
    }
}

/// Looks `count` of the items 0 to `items` up by their ids, in an order that no cache foresees.
#[spacetimedb::reducer]
pub fn find_items(ctx: &ReducerContext, items: u64, count: u64) -> Result<(), String> {
    let mut sum = 0;
    for id in scattered(items, count) {
        let item = ctx.db.item().id().find(id).ok_or_else(|| no_item(id))?;
        sum += u64::from(item.a);
    }
    log::info!("the sum of `a` over {count} look-ups is {sum}");
    Ok(())
}

/// Replaces `count` of the items 0 to `items` by their ids, in an order that no cache foresees.
#[spacetimedb::reducer]
pub fn update_items(ctx: &ReducerContext, items: u64, count: u64) {
    for (round, id) in scattered(items, count).enumerate() {
        ctx.db.item().id().update(Item { id, a: id as u32, b: round as u32 });
    }
}

/// Reads the whole table.
#[spacetimedb::reducer]
pub fn scan_items(ctx: &ReducerContext) {
    let (mut count, mut sum) = (0_u64, 0_u64);
    for item in ctx.db.item().iter() {
        count += 1;
        sum += u64::from(item.a);
    }
    log::info!("the sum of `a` over {count} items is {sum}");
}

#[spacetimedb::reducer]
pub fn clear_items(ctx: &ReducerContext) {
    ctx.db.item().clear();
}

/// Does nothing.
#[spacetimedb::reducer]
pub fn empty(_ctx: &ReducerContext) {}

/// `count` ids below `items`: the states of a linear congruential generator, scaled.
fn scattered(items: u64, count: u64) -> impl Iterator<Item = u64> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    (0..count).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) * items >> 32
    })
}

fn no_item(id: u64) -> String {
    format!("there is no item {id}")
}
