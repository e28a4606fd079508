//! Tables of other kinds: private, of events, without a key, with defaults.

use spacetimedb::{ReducerContext, Table};

use crate::expect;
use crate::types::Color;

/// Only the owner can read it.
#[spacetimedb::table(accessor = secret)]
pub struct Secret {
    #[primary_key]
    pub id: u32,
    pub text: String,
}

/// Its rows reach subscribers and are gone.
#[spacetimedb::table(accessor = pulse, public, event)]
pub struct Pulse {
    strength: u32,
}

/// Without a unique column: equal rows are one row.
#[spacetimedb::table(accessor = word, public)]
#[derive(Clone)]
pub struct Word {
    pub text: String,
    pub length: u32,
}

/// What rows get in these columns that are older than the columns.
#[spacetimedb::table(accessor = setting, public)]
pub struct Setting {
    #[primary_key]
    key: String,
    #[default(true)]
    enabled: bool,
    #[default(7)]
    volume: u8,
    #[default(-1)]
    offset: i64,
    #[default(0.5)]
    ratio: f64,
    #[default("none")]
    note: String,
    #[default(None)]
    limit: Option<u32>,
    #[default(Color::Green)]
    color: Color,
}

#[spacetimedb::reducer]
pub fn keep_secret(ctx: &ReducerContext, id: u32, text: String) {
    ctx.db.secret().insert(Secret { id, text });
}

/// Inside of the transaction an event table is a table like others.
#[spacetimedb::reducer]
pub fn send_pulses(ctx: &ReducerContext, count: u32) -> Result<(), String> {
    let pulses = ctx.db.pulse();
    expect(pulses.count() == 0, "events of former transactions are gone")?;
    for strength in 1..=count {
        pulses.insert(Pulse { strength });
    }
    expect(pulses.iter().count() == count as usize, "the events of this transaction are there")
}

#[spacetimedb::reducer]
pub fn put_setting(ctx: &ReducerContext, key: String, volume: u8) {
    let setting = Setting {
        key,
        enabled: false,
        volume,
        offset: 0,
        ratio: 0.0,
        note: String::new(),
        limit: Some(1),
        color: Color::Red,
    };
    ctx.db.setting().key().insert_or_update(setting);
}

/// Replaces all words: equal ones, a great many, one that is longer than any buffer. Leaves `one` and `two`.
#[spacetimedb::reducer]
pub fn check_words(ctx: &ReducerContext) -> Result<(), String> {
    let words = ctx.db.word();
    words.clear();
    for text in ["one", "two", "one"] {
        words.insert(Word::new(text.to_string()));
    }
    expect(words.count() == 2, "equal rows are one")?;

    let long = Word::new("x".repeat(300_000));
    words.insert(long.clone());
    expect(words.iter().any(|word| word.text == long.text), "a long row is read whole")?;
    expect(words.delete(long), "a long row is deleted by its value")?;

    for number in 0..5_000 {
        words.insert(Word::new(format!("word {number}")));
    }
    expect(words.iter().count() == 5_002, "many rows are read to the end")?;
    expect(words.clear() == 5_002, "clearing tells how many there were")?;
    words.insert(Word::new("one".to_string()));
    words.insert(Word::new("two".to_string()));
    Ok(())
}

impl Word {
    pub fn new(text: String) -> Word {
        let length = text.len() as u32;
        Word { text, length }
    }
}
