//! Modules can be wrong in more ways than one: each reducer here strains a limit or breaks a rule of the host. What the
//! module `test-module` has already (loops, traps, deep recursion, endless inserts and allocations) is not repeated.

mod lifecycle;
mod resources;
mod state;

use spacetimedb::{ReducerContext, Table};

/// Rows to scan and to leave traces in.
#[spacetimedb::table(accessor = row, public)]
pub struct Row {
    #[primary_key]
    #[auto_inc]
    id: u64,
    bytes: Vec<u8>,
}

#[spacetimedb::reducer]
pub fn fill(ctx: &ReducerContext, count: u32, bytes: u32) {
    for _ in 0..count {
        ctx.db.row().insert(Row { id: 0, bytes: vec![7; bytes as usize] });
    }
}

#[spacetimedb::reducer]
pub fn clear(ctx: &ReducerContext) {
    ctx.db.row().clear();
}
