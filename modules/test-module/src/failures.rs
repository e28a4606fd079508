//! Every way in which a reducer can go wrong. Most write a row first, which the rollback must take back.

use spacetimedb::{ReducerContext, Table};

use crate::answer;

#[spacetimedb::table(accessor = label, public)]
pub struct Label {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    text: String,
}

#[spacetimedb::reducer]
pub fn add_label(ctx: &ReducerContext, text: String) {
    ctx.db.label().insert(Label { id: 0, text });
}

/// The unique violation as the error of the reducer, without a panic.
#[spacetimedb::reducer]
pub fn try_add_label(ctx: &ReducerContext, text: String) -> Result<(), String> {
    let added = ctx.db.label().try_insert(Label { id: 0, text });
    added.map(|_| ()).map_err(|error| error.to_string())
}

/// Adds what can be added and commits that, although one of them violates the constraint.
#[spacetimedb::reducer]
pub fn add_labels_skipping_duplicates(ctx: &ReducerContext, texts: Vec<String>) {
    for text in texts {
        if let Err(error) = ctx.db.label().try_insert(Label { id: 0, text }) {
            log::warn!("skipped: {error}");
        }
    }
}

#[spacetimedb::reducer]
pub fn rename_label(ctx: &ReducerContext, id: u64, text: String) {
    ctx.db.label().id().update(Label { id, text });
}

#[spacetimedb::reducer]
pub fn fail(ctx: &ReducerContext, message: String) -> Result<(), String> {
    leave_a_trace(ctx);
    Err(message)
}

#[spacetimedb::reducer]
pub fn panic_with(ctx: &ReducerContext, message: String) {
    leave_a_trace(ctx);
    panic!("{message}");
}

#[spacetimedb::reducer]
pub fn divide(ctx: &ReducerContext, dividend: i32, divisor: i32) {
    leave_a_trace(ctx);
    answer(ctx, "divide", (dividend / divisor).to_string());
    remove_the_trace(ctx);
}

#[spacetimedb::reducer]
pub fn loop_forever(ctx: &ReducerContext) {
    leave_a_trace(ctx);
    let mut state = 1u64;
    loop {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

/// Spends its time in the host rather than in its own instructions.
#[spacetimedb::reducer]
pub fn call_host_forever(ctx: &ReducerContext) {
    leave_a_trace(ctx);
    loop {
        std::hint::black_box(ctx.db.label().count());
    }
}

#[spacetimedb::reducer]
pub fn insert_forever(ctx: &ReducerContext) {
    for number in 0u64.. {
        ctx.db.label().insert(Label { id: 0, text: number.to_string() });
    }
}

#[spacetimedb::reducer]
pub fn allocate_forever(ctx: &ReducerContext) {
    leave_a_trace(ctx);
    let mut blocks = Vec::new();
    loop {
        blocks.push(std::hint::black_box(vec![1u8; 1 << 20]));
    }
}

/// Deep enough recursion overflows the stack; a shallow one (1000) must work.
#[spacetimedb::reducer]
pub fn recurse(ctx: &ReducerContext, depth: u32) {
    leave_a_trace(ctx);
    answer(ctx, "recurse", descend(depth).to_string());
    remove_the_trace(ctx);
}

#[inline(never)]
fn descend(depth: u32) -> u64 {
    // The array keeps the compiler from making a loop of it.
    let frame = std::hint::black_box([depth; 16]);
    if depth == 0 {
        return 0;
    }
    descend(depth - 1) + u64::from(frame[0] == depth)
}

const TRACE: &str = "a trace that must vanish";

fn leave_a_trace(ctx: &ReducerContext) {
    ctx.db.label().insert(Label { id: 0, text: TRACE.to_string() });
}

/// For those that may go well after all.
fn remove_the_trace(ctx: &ReducerContext) {
    ctx.db.label().text().delete(TRACE.to_string());
}
