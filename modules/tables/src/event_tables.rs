//! Event tables: inside of their transaction they are tables like others; at its end the rows go to the subscribers and
//! are gone.

use spacetimedb::{Identity, ReducerContext, Table};

use crate::answer;

#[spacetimedb::table(accessor = signal, public, event)]
pub struct Signal {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[unique]
    name: String,
    #[index(btree)]
    strength: u32,
    sender: Identity,
}

/// Nobody but the owner hears of these.
#[spacetimedb::table(accessor = secret_signal, event)]
pub struct SecretSignal {
    text: String,
}

#[spacetimedb::reducer]
pub fn send_signal(ctx: &ReducerContext, name: String, strength: u32) {
    ctx.db.signal().insert(Signal { id: 0, name, strength, sender: ctx.sender() });
}

#[spacetimedb::reducer]
pub fn send_secret_signal(ctx: &ReducerContext, text: String) {
    ctx.db.secret_signal().insert(SecretSignal { text });
}

/// What a transaction sees of its own events: `<count at the start> <count> <found by name> <found by range> <count
/// after deleting one>`. The deleted one reaches nobody, the name is unique only within the transaction.
#[spacetimedb::reducer]
pub fn play_with_signals(ctx: &ReducerContext) {
    let signals = ctx.db.signal();
    let at_start = signals.count();
    for (name, strength) in [("weak", 1), ("middling", 5), ("strong", 9)] {
        send_signal(ctx, name.to_string(), strength);
    }
    let count = signals.count();
    let is_second_refused =
        signals.try_insert(Signal { id: 0, name: "weak".to_string(), strength: 1, sender: ctx.sender() }).is_err();
    assert!(is_second_refused, "two signals of one name in one transaction");
    let by_name = signals.name().find("strong".to_string()).map_or(0, |signal| signal.strength);
    let by_range = signals.strength().filter(2u32..=9).count();
    signals.name().delete("middling".to_string());
    answer(ctx, "play_with_signals", format!("{at_start} {count} {by_name} {by_range} {}", signals.count()));
}

#[spacetimedb::reducer]
pub fn send_signal_and_fail(ctx: &ReducerContext, name: String) -> Result<(), String> {
    send_signal(ctx, name, 1);
    Err("false alarm".to_string())
}
