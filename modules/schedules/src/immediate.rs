//! A call without a row: it runs soon, whether or not the transaction that asked for it commits, and is forgotten by a
//! crash. The crate has it among its unstable features.

use spacetimedb::{volatile_nonatomic_schedule_immediate, ReducerContext};

use crate::note;

#[spacetimedb::reducer]
pub fn remark(ctx: &ReducerContext, text: String) {
    note(ctx, &text, 0);
}

#[spacetimedb::reducer]
pub fn remark_soon(_ctx: &ReducerContext, text: String) {
    volatile_nonatomic_schedule_immediate!(remark(text));
}

#[spacetimedb::reducer]
pub fn remark_soon_and_fail(_ctx: &ReducerContext, text: String) -> Result<(), String> {
    volatile_nonatomic_schedule_immediate!(remark(text));
    Err("this transaction leaves nothing but a remark".to_string())
}
