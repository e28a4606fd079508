//! Auto-increment on every integer type. None of the columns has to be unique.

use spacetimedb::sats::{i256, u256};
use spacetimedb::{ReducerContext, SpacetimeType, Table};

#[spacetimedb::table(accessor = counter, public)]
pub struct Counter {
    #[auto_inc]
    an_u8: u8,
    #[auto_inc]
    an_i8: i8,
    #[auto_inc]
    an_u16: u16,
    #[auto_inc]
    an_i16: i16,
    #[auto_inc]
    an_u32: u32,
    #[auto_inc]
    an_i32: i32,
    #[auto_inc]
    an_u64: u64,
    #[auto_inc]
    an_i64: i64,
    #[auto_inc]
    an_u128: u128,
    #[auto_inc]
    an_i128: i128,
    #[auto_inc]
    an_u256: u256,
    #[auto_inc]
    an_i256: i256,
}

#[derive(SpacetimeType)]
pub enum Preset {
    None,
    Small,
    Wide,
}

/// Adds one row. `Small` presets the columns up to 64 bits, `Wide` the others; a preset column's counter stands still.
#[spacetimedb::reducer]
pub fn count(ctx: &ReducerContext, preset: Preset) {
    let small = if let Preset::Small = preset { 77 } else { 0 };
    let wide = if let Preset::Wide = preset { 77u8 } else { 0 };
    let row = ctx.db.counter().insert(Counter {
        an_u8: small,
        an_i8: small as i8,
        an_u16: small.into(),
        an_i16: small.into(),
        an_u32: small.into(),
        an_i32: small.into(),
        an_u64: small.into(),
        an_i64: small.into(),
        an_u128: wide.into(),
        an_i128: wide.into(),
        an_u256: wide.into(),
        an_i256: wide.into(),
    });
    let Counter { an_u8, an_i8, an_u16, an_i16, an_u32, an_i32, an_u64, an_i64, an_u128, an_i128, an_u256, an_i256 } =
        row;
    let text = format!(
        "{an_u8} {an_i8} {an_u16} {an_i16} {an_u32} {an_i32} {an_u64} {an_i64} {an_u128} {an_i128} {an_u256} {an_i256}"
    );
    crate::answer(ctx, "count", text);
}

/// A signed counter has 127 values.
#[spacetimedb::table(accessor = short_counter, public)]
pub struct ShortCounter {
    #[primary_key]
    #[auto_inc]
    id: i8,
}

/// How many more rows got an id, and why the next one did not.
#[spacetimedb::reducer]
pub fn use_up_short_counter(ctx: &ReducerContext) {
    for count in 0.. {
        if let Err(error) = ctx.db.short_counter().try_insert(ShortCounter { id: 0 }) {
            return crate::answer(ctx, "use_up_short_counter", format!("{count}: {error}"));
        }
    }
}
