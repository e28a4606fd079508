//! Statics: they live as long as the instance, which ends with a panic or a trap. Nobody should rely on them.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use spacetimedb::{ReducerContext, Table};

static CALLS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static HOARD: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

#[spacetimedb::table(accessor = calls, public)]
pub struct Calls {
    #[primary_key]
    id: u32,
    /// Since the instance was made, this call included; a rollback does not take it back.
    of_this_instance: u64,
}

#[spacetimedb::reducer]
pub fn count_calls(ctx: &ReducerContext) {
    let of_this_instance = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    ctx.db.calls().id().delete(0);
    ctx.db.calls().insert(Calls { id: 0, of_this_instance });
}

#[spacetimedb::reducer]
pub fn count_call_and_fail(ctx: &ReducerContext) -> Result<(), String> {
    count_calls(ctx);
    Err("counted, and taken back".to_string())
}

#[spacetimedb::reducer]
pub fn count_call_and_panic(ctx: &ReducerContext) {
    count_calls(ctx);
    panic!("counted, and forgotten");
}

/// Keeps memory from call to call, until there is no more.
#[spacetimedb::reducer]
pub fn hoard(_ctx: &ReducerContext, megabytes: u32) {
    HOARD.with_borrow_mut(|hoard| hoard.extend((0..megabytes).map(|_| vec![1u8; 1 << 20])));
}

/// Panics with the hoard borrowed: in an instance that lived on, no later call could use it.
#[spacetimedb::reducer]
pub fn panic_with_hoard(_ctx: &ReducerContext) {
    HOARD.with_borrow_mut(|hoard| panic!("{} megabytes borrowed", hoard.len()));
}

#[spacetimedb::reducer]
pub fn abort(_ctx: &ReducerContext) {
    std::process::abort();
}
